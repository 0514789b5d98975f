/** @jsxImportSource solid-js */
// A list in Solid, for the server and the page.
import type { Live } from 'kubeflect/live'
import { Pod } from 'kubeflect/resources/core/v1'
import { KubeContext, useList } from 'kubeflect/solid'
import { For } from 'solid-js'

function Names() {
  const pods = useList(Pod)
  return (
    <ul aria-label={`${pods().total} pods`}>
      <For each={pods().rows}>{({ name }) => <li>{name}</li>}</For>
    </ul>
  )
}

export const App = (props: { live: Live }) => (
  <KubeContext.Provider value={props.live}>
    <Names />
  </KubeContext.Provider>
)
