// The reference table in Vue.
import { createApp } from 'vue'
import PodsTable from '../../../../examples/pods-table/PodsTable.vue'

const app = createApp(PodsTable)
app.mount('#app')
Object.assign(globalThis, { unmount: () => app.unmount() })
