// Keeps a copy of all pods up to date and prints the key of the first one when it appears.
//
//   npm run build && node examples/using-reflector.ts --server http://127.0.0.1:8001
import { parseArgs } from 'node:util'
import { KubeClient, ListWatch, metaNamespaceKey, Reflector, Store } from 'kubeflect'
import { Pod } from 'kubeflect/resources/core/v1'

const { values } = parseArgs({ options: { server: { type: 'string', default: 'http://127.0.0.1:8001' } } })
const stop = new AbortController()
process.once('SIGINT', () => stop.abort())

const client = new KubeClient({ baseUrl: values.server })
const store = new Store<Pod>(metaNamespaceKey)
const reflector = new Reflector(new ListWatch(client, Pod), store, { expectedType: Pod, resyncPeriodMs: 10_000 })

const unsubscribe = store.subscribe(() => {
  const [key] = store.keys()
  if (key === undefined) return
  console.log(`first cached pod: ${key}`)
  unsubscribe()
})

await reflector.run({ signal: stop.signal })
