// Waits until deployments are rolled out: one, the selected ones, or all. Exits with 1 on failure, without a match, or after --timeout seconds.
//
//   npm run build && node examples/wait-until-rolled-out.ts [web] [--selector app=web] [--namespace shop] [--timeout 300] [--server …]
import { parseArgs } from 'node:util'
import { createInformer, KubeClient, nameSelector } from 'kubeflect'
import { loadKubeconfig } from 'kubeflect/kubeconfig'
import { Deployment } from 'kubeflect/resources/apps/v1'

const option = { type: 'string' } as const
const options = { server: option, namespace: option, selector: option, timeout: { ...option, default: '300' } }

function progress({ metadata, spec, status }: Deployment): string {
  const { updatedReplicas: updated = 0, replicas = 0, availableReplicas: available = 0, observedGeneration = 0, conditions } = status ?? {}
  if ((metadata.generation ?? 0) > observedGeneration) return 'not observed yet'
  if (conditions?.some(({ reason }) => reason === 'ProgressDeadlineExceeded')) throw new Error(`${metadata.name} makes no progress`)
  const wanted = spec?.replicas ?? 1
  if (updated < wanted || replicas > updated) return `${updated} of ${wanted} replicas updated, ${replicas - updated} old ones left`
  return available < updated ? `${available} of ${updated} replicas available` : 'rolled out'
}

try {
  const { values, positionals } = parseArgs({ options, allowPositionals: true })
  const signal = AbortSignal.timeout(Number(values.timeout) * 1000)
  await using config = values.server ? undefined : await loadKubeconfig()
  const { namespace = config?.namespace ?? 'default', selector: labelSelector } = values
  const selected = { namespace, labelSelector, fieldSelector: positionals[0] && nameSelector(positionals[0]) }
  const client = new KubeClient(config ?? { baseUrl: values.server })
  await using deployments = createInformer(client, Deployment, { ...selected, onError: console.error })
  await deployments.whenSynced({ signal, onDenied: 'reject' })
  if (deployments.indexer.size === 0) throw new Error(`found no matching deployment in the namespace ${namespace}`)
  for await (const { type, entry } of deployments.changes({ signal })) {
    if (type === 'deleted') throw new Error(`${entry.name} was deleted`)
    console.log(`${entry.name}: ${progress(entry.object)}`)
    if (deployments.indexer.list().every(({ object }) => progress(object) === 'rolled out')) break
  }
  signal.throwIfAborted()
} catch (error) {
  console.error(String(error))
  process.exitCode = 1
}
