// Restarts the Deployments with the label restart-on-config-change=true when a ConfigMap or Secret that they use changes.
//
//   npm run build && node examples/restart-on-config-change.ts --server http://127.0.0.1:8001 --identity "$HOSTNAME"
import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { parseArgs } from 'node:util'
import { createInformer, isApiError, KubeClient, metadata, type PartialObjectMetadata } from 'kubeflect'
import { Controller } from 'kubeflect/controller'
import { EventRecorder, LeaderElection, type Term } from 'kubeflect/operator'
import { Deployment } from 'kubeflect/resources/apps/v1'
import { ConfigMap, Secret } from 'kubeflect/resources/core/v1'

const option = (value: string) => ({ type: 'string', default: value }) as const
const options = { server: option('http://127.0.0.1:8001'), identity: option(hostname()), namespace: option('default') }
const { server, identity, namespace } = parseArgs({ options }).values
const stop = new AbortController()
process.once('SIGINT', () => stop.abort())
const client = new KubeClient({ baseUrl: server })
const NAME = 'restart-on-config-change'
const HASH = `example.com/${NAME}`

// Each reference of a pod template, such as `ConfigMap/colors`: from environment variables and volumes, projected ones included.
function* references(value: unknown, key = ''): Generator<string> {
  if (typeof value !== 'object' || value === null) return
  const [, resource] = /^(configMap|secret)(?:Ref|KeyRef)?$/.exec(key) ?? []
  const { name, secretName = name } = value as { name?: unknown; secretName?: unknown }
  if (resource && secretName) yield `${resource === 'secret' ? 'Secret' : 'ConfigMap'}/${secretName}`
  for (const [member, inner] of Object.entries(value)) yield* references(inner, Array.isArray(value) ? '' : member)
}

const uses = (deployment: Deployment) => [...new Set(references(deployment.spec?.template.spec))].sort()

async function restart(term: Term): Promise<void> {
  const { signal } = term
  // Data is read only to be hashed: the caches hold metadata.
  await using deployments = createInformer(client, Deployment, { labelSelector: `${NAME}=true`, signal })
  await using configMaps = createInformer(client, ConfigMap, { source: metadata(), signal })
  await using secrets = createInformer(client, Secret, { source: metadata(), signal })
  await using events = new EventRecorder(client, { controller: HASH, instance: identity, onError: console.error })

  async function digest(namespace: string, reference: string): Promise<string> {
    const [kind, name = ''] = reference.split('/')
    try {
      const { data, binaryData } = (await client.get(kind === 'Secret' ? Secret : ConfigMap, name, { namespace, signal })) as ConfigMap
      return JSON.stringify([reference, data, binaryData])
    } catch (error) {
      if (isApiError(error) && error.status === 404) return JSON.stringify([reference])
      throw error
    }
  }

  async function reconcile(key: string): Promise<void> {
    const deployment = deployments.lister.get(key)?.object
    if (!deployment || deployment.metadata.deletionTimestamp) return
    const { name = '', namespace = '' } = deployment.metadata
    const texts = await Promise.all(uses(deployment).map((reference) => digest(namespace, reference)))
    const hash = createHash('sha256').update(texts.join('\n')).digest('hex').slice(0, 16)
    const before = deployment.spec?.template.metadata?.annotations?.[HASH]
    if (before === hash) return
    term.assertLeading()
    const template = { metadata: { annotations: { [HASH]: hash } } }
    await client.apply(Deployment, { metadata: { name, namespace }, spec: { template } }, { fieldManager: NAME, signal })
    events.record({ regarding: deployment, resource: Deployment, reason: 'ConfigChanged', action: before ? 'Restart' : 'Annotate' })
    console.log(`${before ? 'restarted' : 'annotated'} ${key}`)
  }

  const users = (kind: string) => (it: PartialObjectMetadata) =>
    deployments.lister
      .list()
      .filter(({ namespace, object }) => namespace === it.metadata.namespace && uses(object).includes(`${kind}/${it.metadata.name}`))
      .map(({ key }) => key)
  const watches = [
    { informer: configMaps, keys: users('ConfigMap') },
    { informer: secrets, keys: users('Secret') },
  ] as const
  const onError = (key: string, error: unknown) => console.error(`${key}: ${error}`)
  await new Controller({ informer: deployments, watches, reconcile, onError }).run({ signal })
}

const election = new LeaderElection(client, { namespace, name: NAME, identity, onError: console.error })
await election.run(restart, { signal: stop.signal })
