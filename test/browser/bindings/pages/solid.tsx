/** @jsxImportSource solid-js */
// The reference table in Solid.
import { render } from 'solid-js/web'
import { App } from '../../../../examples/pods-table/solid.tsx'

Object.assign(globalThis, { unmount: render(() => <App />, document.querySelector('#app') as Element) })
