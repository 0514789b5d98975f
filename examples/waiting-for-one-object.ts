// Waits until a pod runs, prints its node and exits. The server sends only this pod.
//
//   npm run build && node examples/waiting-for-one-object.ts --server http://127.0.0.1:8001 --namespace default --name web-1
import { parseArgs } from 'node:util'
import { KubeClient, ListWatch, nameSelector, Reflector, Store } from 'kubeflect'
import { Pod } from 'kubeflect/resources/core/v1'

const { values } = parseArgs({
  options: {
    server: { type: 'string', default: 'http://127.0.0.1:8001' },
    namespace: { type: 'string', default: 'default' },
    name: { type: 'string', default: 'web-1' },
  },
})
const { namespace, name } = values
const stop = new AbortController()
process.once('SIGINT', () => stop.abort())

const client = new KubeClient({ baseUrl: values.server })
const store = new Store<Pod>()
const reflector = new Reflector(new ListWatch(client, Pod, { namespace, fieldSelector: nameSelector(name) }), store)

store.subscribe(() => {
  const pod = store.get(`${namespace}/${name}`)?.object
  console.log(`${name}: ${pod?.status?.phase ?? 'not there yet'}`)
  if (pod?.status?.phase !== 'Running') return
  console.log(`${name} runs on ${pod.spec?.nodeName ?? 'no node yet'}`)
  stop.abort()
})

await reflector.run({ signal: stop.signal })
