// A node and its pods in Svelte.
import { mount, unmount } from 'svelte'
import NodePods from '../../../../examples/svelte/NodePods.svelte'

const app = mount(NodePods, { target: document.querySelector('#app') as Element })
Object.assign(globalThis, { unmount: () => unmount(app) })
