// The example with TanStack Table and TanStack Virtual.
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from '../../../../examples/react-table/PodsTable.tsx'

createRoot(document.querySelector('#app') as Element).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
