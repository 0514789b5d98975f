// Follows the logs of all selected pods as pods and containers come and go. Starts with the last lines of existing containers.
//
//   npm run build && node examples/tail-logs.ts [--selector app=web] [--namespace shop] [--container web] [--tail 10] [--server …]
import { parseArgs } from 'node:util'
import { createInformer, KubeClient, type LogOptions } from 'kubeflect'
import { loadKubeconfig } from 'kubeflect/kubeconfig'
import { type ContainerStatus, Pod } from 'kubeflect/resources/core/v1'

const option = { type: 'string' } as const
const options = { server: option, namespace: option, selector: option, container: option, tail: { ...option, default: '10' } }
const { server, tail, ...values } = parseArgs({ options }).values
const stop = new AbortController()
process.once('SIGINT', () => stop.abort())
const { signal } = stop
const onError = (error: unknown) => console.error(String(error))

const containersOf = ({ status = {} }: Pod) => [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]
const hasRun = ({ state, lastState }: ContainerStatus) => state?.running || state?.terminated || lastState?.terminated
const runsOf = (container?: ContainerStatus) => (container && hasRun(container) ? container.restartCount + 1 : 0)

async function follow(client: KubeClient, log: LogOptions): Promise<void> {
  const prefix = `${log.namespace}/${log.name} ${log.container}`
  for await (const line of client.logs({ ...log, follow: 'run', signal })) console.log(`${prefix}: ${line}`)
}

await using config = server ? undefined : await loadKubeconfig()
const client = new KubeClient(config ?? { baseUrl: server })
const { namespace = config?.namespace ?? 'default', selector: labelSelector } = values
await using pods = createInformer(client, Pod, { namespace, labelSelector, onError })
for await (const change of pods.changes({ signal })) {
  if (change.type === 'deleted') continue
  const before = change.type === 'updated' ? containersOf(change.previous.object) : []
  for (const status of containersOf(change.entry.object)) {
    const isMeant = (values.container ?? status.name) === status.name
    const known = runsOf(before.find(({ name }) => name === status.name))
    const log = { namespace, name: change.entry.name, container: status.name, tailLines: change.isInInitialList ? Number(tail) : undefined }
    if (isMeant && runsOf(status) > known) follow(client, log).catch(onError)
  }
}
