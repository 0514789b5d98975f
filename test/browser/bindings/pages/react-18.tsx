// The reference table in React 18, whose contexts have a provider.
import { KubeClient } from 'kubeflect'
import { createLive } from 'kubeflect/live'
import { KubeContext } from 'kubeflect/react'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Pods } from '../../../../examples/pods-table/react.tsx'

const live = createLive(new KubeClient({ baseUrl: '/k8s' }))
const root = createRoot(document.querySelector('#app') as Element)
root.render(
  <StrictMode>
    <KubeContext.Provider value={live}>
      <Pods />
    </KubeContext.Provider>
  </StrictMode>,
)
Object.assign(globalThis, { unmount: () => root.unmount() })
