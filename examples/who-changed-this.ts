// Prints the manager of each field of the selected objects and the time of its last write, then the old and new value of each change.
//
//   npm run build && node examples/who-changed-this.ts deploy [web] [--selector app=web] [--namespace shop] [--server http://127.0.0.1:8001]
import { parseArgs } from 'node:util'
import { createInformer, KubeClient, type KubeObject, type ManagedFieldsEntry } from 'kubeflect'
import { discover } from 'kubeflect/discovery'
import { loadKubeconfig } from 'kubeflect/kubeconfig'

const option = { type: 'string' } as const
const { values, positionals } = parseArgs({ options: { server: option, namespace: option, selector: option }, allowPositionals: true })
// In `fieldsV1`, `f:` precedes a field's name, `k:` the key of a list item, `v:` the value of an item.
function fieldsOf(tree: object, value: unknown, path = ''): string[] {
  const below = Object.entries(tree).filter(([key]) => key !== '.')
  if (below.length === 0) return [`${path} = ${JSON.stringify(value)}`]
  return below.flatMap(([key, next]) => {
    const name = key.slice(2)
    if (key.startsWith('f:')) return fieldsOf(next, Object(value)[name], `${path}.${name}`)
    const item = JSON.parse(name)
    const inside = [value].flat().find((one) => one === item || JSON.stringify({ ...Object(one), ...item }) === JSON.stringify(one))
    return fieldsOf(next, inside, `${path}[${name}]`)
  })
}
function ownersOf(object: KubeObject): Map<string, string> {
  const linesOf = ({ manager, operation, time = 'undated', fieldsV1 }: ManagedFieldsEntry) =>
    fieldsOf(Object(fieldsV1), object).map((field) => [`${field}  ${manager} (${operation})`, time] as const)
  return new Map(object.metadata.managedFields?.flatMap(linesOf))
}

await using config = values.server ? undefined : await loadKubeconfig()
const client = new KubeClient(config ?? { baseUrl: values.server })
const resource = (await discover(client)).resolve(positionals[0] ?? 'pods')
const namespace = resource.scope === 'Cluster' ? undefined : (values.namespace ?? config?.namespace ?? 'default')
const selected = { namespace, labelSelector: values.selector, fieldSelector: positionals[1] && `metadata.name=${positionals[1]}` }
await using objects = createInformer(client, resource, { ...selected, managedFields: 'keep', onError: console.error })
for await (const change of objects.changes()) {
  const before = change.type === 'updated' ? ownersOf(change.previous.object) : new Map()
  const now = change.type === 'deleted' ? before : ownersOf(change.entry.object)
  for (const line of before.keys()) if (!now.has(line)) console.log(`${change.entry.name} - ${line}`)
  for (const [line, time] of now) if (!before.has(line)) console.log(`${change.entry.name} + ${line} ${time}`)
}
