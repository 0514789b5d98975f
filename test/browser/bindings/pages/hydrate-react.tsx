// A page that React has rendered on a server, and hydrates when its list is already there.
import { KubeClient } from 'kubeflect'
import { createLive, type Live } from 'kubeflect/live'
import { KubeContext, useList } from 'kubeflect/react'
import { Pod } from 'kubeflect/resources/core/v1'
import { hydrateRoot } from 'react-dom/client'

function Names() {
  const { rows, total } = useList(Pod)
  return (
    <ul aria-label={`${total} pods`}>
      {rows.map(({ key, name }) => (
        <li key={key}>{name}</li>
      ))}
    </ul>
  )
}

export const App = ({ live }: { live: Live }) => (
  <KubeContext value={live}>
    <Names />
  </KubeContext>
)

if (typeof document !== 'undefined') {
  const live = createLive(new KubeClient({ baseUrl: '/k8s' }))
  const list = live.list(Pod)
  list.subscribe(() => {})
  void list.whenReady().then(() => hydrateRoot(document.querySelector('#app') as Element, <App live={live} />))
}
