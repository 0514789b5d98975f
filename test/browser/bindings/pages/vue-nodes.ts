// A node and its pods in Vue.
import { createApp } from 'vue'
import NodePods from '../../../../examples/vue/NodePods.vue'

const app = createApp(NodePods)
app.mount('#app')
Object.assign(globalThis, { unmount: () => app.unmount() })
