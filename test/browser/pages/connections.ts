// Informers of twelve resources in one page, whose watches travel in the way that the query names.
import { createInformer, inWorker, KubeClient, type Resource, turns, type WatchOver, webSocket } from 'kubeflect'
import { DaemonSet, Deployment, ReplicaSet, StatefulSet } from 'kubeflect/resources/apps/v1'
import { CronJob, Job } from 'kubeflect/resources/batch/v1'
import { ConfigMap, Endpoints, Namespace, Pod, Service, ServiceAccount } from 'kubeflect/resources/core/v1'

const resources: readonly Resource[] = [
  ...[ConfigMap, Pod, Namespace, Service, Endpoints, ServiceAccount],
  ...[Deployment, ReplicaSet, StatefulSet, DaemonSet, Job, CronJob],
]
const ways: Readonly<Record<string, () => WatchOver>> = {
  webSocket: () => webSocket(),
  beyond: () => webSocket({ beyond: 4 }),
  turns: () => turns(),
}

const parameters = new URLSearchParams(location.search)

// Counts the sockets, which the tests cannot see.
let sockets = 0
for (const name of ['WebSocket', 'WebSocketStream'] as const) {
  const Native = (globalThis as unknown as Record<string, new (...args: never[]) => object>)[name]
  if (!Native) continue
  Object.assign(globalThis, {
    [name]: class extends Native {
      constructor(...args: never[]) {
        super(...args)
        sockets++
      }
    },
  })
}

const client = new KubeClient({ baseUrl: location.origin, watchOver: ways[parameters.get('watchOver') ?? '']?.() })
const reports: string[] = []
const informers = resources.map((resource) =>
  createInformer(client, resource, {
    ...(parameters.has('worker') && { worker: inWorker() }),
    onError: (error) => reports.push(String(error)),
  }),
)

const page = {
  state: () => ({
    states: informers.map(({ status }) => status.state),
    synced: informers.filter(({ hasSynced }) => hasSynced).length,
    configMaps: informers[0]?.objects().map(({ metadata }) => metadata.name),
    cronJobs: informers
      .at(-1)
      ?.objects()
      .map(({ metadata }) => metadata.name),
    sockets,
    reports,
  }),
  /** Measures a request beside the watches, in milliseconds; infinite when it takes longer than three seconds. */
  async get(): Promise<number> {
    const startedAt = performance.now()
    const answered = await fetch('/version', { cache: 'no-store', signal: AbortSignal.timeout(3_000) }).then(
      () => true,
      () => false,
    )
    return answered ? performance.now() - startedAt : Number.POSITIVE_INFINITY
  },
}
export type ConnectionsPage = typeof page
Object.assign(globalThis, { page })
