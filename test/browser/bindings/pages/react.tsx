// The reference table in React, in strict mode.
import { Profiler, StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from '../../../../examples/pods-table/react.tsx'

const root = createRoot(document.querySelector('#app') as Element)
const counts = { commits: 0 }
root.render(
  <StrictMode>
    <Profiler id="app" onRender={() => counts.commits++}>
      <App />
    </Profiler>
  </StrictMode>,
)
Object.assign(globalThis, { unmount: () => root.unmount(), counts })
