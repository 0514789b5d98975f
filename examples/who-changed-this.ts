// Prints the manager of each field of the selected objects and the time of its last write, then the old and new value of each change.
//
//   npm run build && node examples/who-changed-this.ts deploy [web] [--selector app=web] [--namespace shop] [--server http://127.0.0.1:8001]
import { parseArgs } from 'node:util'
import { createInformer, KubeClient, type KubeObject, nameSelector } from 'kubeflect'
import { discover } from 'kubeflect/discovery'
import { loadKubeconfig } from 'kubeflect/kubeconfig'
import { ownersOf } from 'kubeflect/live'

const option = { type: 'string' } as const
const { values, positionals } = parseArgs({ options: { server: option, namespace: option, selector: option }, allowPositionals: true })
const valueAt = (object: KubeObject, path: string): unknown =>
  Array.from(path.matchAll(/("(?:\\.|[^"])*")|[^.[\]]+/g)).reduce(
    (value, [step, quoted]) => Object(value)[quoted ? JSON.parse(quoted) : step],
    object,
  )
// A line for each field and manager, with the time of the manager's last write.
function linesOf(object: KubeObject): Map<string, string> {
  const lines = [...ownersOf(object)].flatMap(([path, owners]) =>
    owners.map(({ manager, operation, time = 'undated' }) => {
      return [`${path} = ${JSON.stringify(valueAt(object, path))}  ${manager} (${operation})`, time] as const
    }),
  )
  return new Map(lines)
}

await using config = values.server ? undefined : await loadKubeconfig()
const client = new KubeClient(config ?? { baseUrl: values.server })
const resource = (await discover(client)).resolve(positionals[0] ?? 'pods')
const namespace = resource.scope === 'Cluster' ? undefined : (values.namespace ?? config?.namespace ?? 'default')
const selected = { namespace, labelSelector: values.selector, fieldSelector: positionals[1] && nameSelector(positionals[1]) }
await using objects = createInformer(client, resource, { ...selected, managedFields: 'keep', onError: console.error })
for await (const change of objects.changes()) {
  const before = change.type === 'updated' ? linesOf(change.previous.object) : new Map()
  const now = change.type === 'deleted' ? before : linesOf(change.entry.object)
  for (const line of before.keys()) if (!now.has(line)) console.log(`${change.entry.name} - ${line}`)
  for (const [line, time] of now) if (!before.has(line)) console.log(`${change.entry.name} + ${line} ${time}`)
}
