// Prints the number of pods, now and on every change.
//
//   npm run build && node examples/watching-the-count.ts --server http://127.0.0.1:8001
import { parseArgs } from 'node:util'
import { KubeClient, ListWatch, Reflector, Store } from 'kubeflect'
import { Pod } from 'kubeflect/resources/core/v1'

const { values } = parseArgs({ options: { server: { type: 'string', default: 'http://127.0.0.1:8001' } } })
const stop = new AbortController()
process.once('SIGINT', () => stop.abort())

const client = new KubeClient({ baseUrl: values.server })
const store = new Store<Pod>()
const reflector = new Reflector(new ListWatch(client, Pod), store, { onError: (error) => console.error(String(error)) })

let count = -1
store.subscribe(() => {
  if (store.size === count) return
  count = store.size
  console.log(`pods: ${count}`)
})

await reflector.run({ signal: stop.signal })
