// The reference table in Svelte.
import { mount, unmount } from 'svelte'
import PodsTable from '../../../../examples/pods-table/PodsTable.svelte'

const app = mount(PodsTable, { target: document.querySelector('#app') as Element })
Object.assign(globalThis, { unmount: () => unmount(app) })
