/** @jsxImportSource solid-js */
// A node and its pods in Solid.
import { render } from 'solid-js/web'
import { App } from '../../../../examples/solid/NodePods.tsx'

Object.assign(globalThis, { unmount: render(() => <App />, document.querySelector('#app') as Element) })
