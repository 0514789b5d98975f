// Follows several resources at once: one client, and a reflector with a store for each.
//
//   npm run build && node examples/several-resources.ts --server http://127.0.0.1:8001
import { parseArgs } from 'node:util'
import { KubeClient, type KubeObject, ListWatch, Reflector, type Resource, resourceName, Store } from 'kubeflect'
import { Deployment } from 'kubeflect/resources/apps/v1'
import { Namespace, Pod } from 'kubeflect/resources/core/v1'

const { values } = parseArgs({ options: { server: { type: 'string', default: 'http://127.0.0.1:8001' } } })
const stop = new AbortController()
process.once('SIGINT', () => stop.abort())

const client = new KubeClient({ baseUrl: values.server })

async function follow<T extends KubeObject>(resource: Resource<T>): Promise<void> {
  const store = new Store<T>()
  store.subscribe(({ changes }) => {
    for (const { type, entry } of changes) console.log(`${resourceName(resource)} ${type}: ${entry.key}`)
  })
  await new Reflector(new ListWatch(client, resource), store).run({ signal: stop.signal })
}

await Promise.all([follow(Namespace), follow(Pod), follow(Deployment)])
