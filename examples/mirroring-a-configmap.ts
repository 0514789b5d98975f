// Keeps a copy of a ConfigMap in every namespace with the label mirrors=<namespace>.<name>, and removes it elsewhere.
//
//   npm run build && node examples/mirroring-a-configmap.ts --server http://127.0.0.1:8001 --namespace default --name shared
import { parseArgs } from 'node:util'
import { createInformer, KubeClient, nameSelector, resourcePath } from 'kubeflect'
import { Controller } from 'kubeflect/controller'
import { ConfigMap, Namespace } from 'kubeflect/resources/core/v1'

const option = (value: string) => ({ type: 'string', default: value }) as const
const options = { server: option('http://127.0.0.1:8001'), namespace: option('default'), name: option('shared') }
const { server, namespace, name } = parseArgs({ options }).values
const stop = new AbortController()
process.once('SIGINT', () => stop.abort())
const { signal } = stop
const client = new KubeClient({ baseUrl: server })
const labels = { mirrors: `${namespace}.${name}` }
const labelSelector = `mirrors=${labels.mirrors}` // copies carry the label, too, which identifies them
const originals = createInformer(client, ConfigMap, { namespace, fieldSelector: nameSelector(name), signal })
const namespaces = createInformer(client, Namespace, { labelSelector, signal })
const copies = createInformer(client, ConfigMap, { labelSelector, signal })

async function reconcile(target: string): Promise<void> {
  const original = originals.lister.get(`${namespace}/${name}`)?.object
  const copy = copies.lister.get(`${target}/${name}`)?.object
  if (!original || target === namespace || !namespaces.lister.get(target)) return copy && send('DELETE', target)
  if (copy && JSON.stringify(copy.data) === JSON.stringify(original.data)) return
  await send(copy ? 'PUT' : 'POST', target, JSON.stringify({ metadata: { name, labels }, data: original.data }))
}

async function send(method: 'POST' | 'PUT' | 'DELETE', target: string, body?: string): Promise<void> {
  const path = resourcePath(ConfigMap, { namespace: target, name: method === 'POST' ? undefined : name })
  await client.request({ method, path, body, headers: { 'content-type': 'application/json' }, signal })
  console.log(`${method} ${target}`)
}

const everyTarget = () => namespaces.lister.list().map(({ key }) => key)
const original = { informer: originals, keys: everyTarget }
const copied = { informer: copies, keys: ({ metadata }: ConfigMap) => [metadata.namespace ?? ''] }
const onError = (key: string, error: unknown) => console.error(`${key}: ${error}`)
await new Controller({ informer: namespaces, watches: [original, copied], reconcile, onError }).run({ signal })
