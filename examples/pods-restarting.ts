// Prints the containers that have restarted and every further restart: the count, how the last run ended, and the waiting reason.
//
//   npm run build && node examples/pods-restarting.ts [--namespace shop] [--selector app=web] [--server http://127.0.0.1:8001]
import { parseArgs } from 'node:util'
import { createInformer, KubeClient } from 'kubeflect'
import { loadKubeconfig } from 'kubeflect/kubeconfig'
import { type ContainerStatus, Pod } from 'kubeflect/resources/core/v1'

const option = { type: 'string' } as const
const stop = new AbortController()
process.once('SIGINT', () => stop.abort())
const onError = (error: unknown) => console.error(String(error))

const containersOf = ({ status = {} }: Pod) => [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]

function describe({ name, restartCount, state, lastState }: ContainerStatus): string {
  const { exitCode, reason = 'no reason given', finishedAt = 'some time' } = lastState?.terminated ?? {}
  const end = exitCode === undefined ? 'the last run is unknown' : `exit code ${exitCode} (${reason}) at ${finishedAt}`
  return `${name} restarted ${restartCount}x: ${end}${state?.waiting ? `, now ${state.waiting.reason ?? 'waiting'}` : ''}`
}

try {
  const { server, namespace, selector } = parseArgs({ options: { server: option, namespace: option, selector: option } }).values
  await using config = server ? undefined : await loadKubeconfig()
  const client = new KubeClient(config ?? { baseUrl: server })
  await using pods = createInformer(client, Pod, { namespace, labelSelector: selector, onError })
  for await (const change of pods.changes({ signal: stop.signal })) {
    if (change.type === 'deleted') continue
    const before = change.type === 'updated' ? containersOf(change.previous.object) : []
    for (const container of containersOf(change.entry.object)) {
      const known = before.find(({ name }) => name === container.name)?.restartCount ?? 0
      if (container.restartCount > known) console.log(`${change.entry.key} ${describe(container)}`)
    }
  }
} catch (error) {
  console.error(String(error))
  process.exitCode = 1
}
