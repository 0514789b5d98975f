/** @jsxImportSource solid-js */
// The reference table in Solid 2, whose contexts are components.
import { KubeClient } from 'kubeflect'
import { createLive, type Live } from 'kubeflect/live'
import { KubeContext } from 'kubeflect/solid'
import type { Component, JSX } from 'solid-js'
import { render } from 'solid-js/web'
import { Pods } from '../../../../examples/pods-table/solid.tsx'

const Provider = KubeContext as unknown as Component<{ value: Live; children: JSX.Element }>
const live = createLive(new KubeClient({ baseUrl: '/k8s' }))
const page = () => (
  <Provider value={live}>
    <Pods />
  </Provider>
)
Object.assign(globalThis, { unmount: render(page, document.querySelector('#app') as Element) })
