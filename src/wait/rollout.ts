// The status of a rollout, in the words of kubectl.

import { KubeError } from '../api/errors'
import type { KubeObject } from '../api/object'

/** The status of a rollout. */
export interface RolloutStatus {
  readonly done: boolean
  /** The message of `kubectl rollout status`, without the line end. */
  readonly message: string
}

/** The members of workloads that decide about a rollout. */
interface Workload extends KubeObject {
  readonly spec?: {
    readonly replicas?: number
    readonly strategy?: { readonly type?: string }
    readonly updateStrategy?: { readonly type?: string; readonly rollingUpdate?: { readonly partition?: number } }
  }
  readonly status?: Readonly<Record<string, unknown>> & {
    readonly conditions?: readonly { readonly type?: string; readonly reason?: string }[]
    readonly updateRevision?: string
    readonly currentRevision?: string
  }
}

/**
 * Returns how far the rollout of a Deployment, DaemonSet or StatefulSet is.
 *
 * @throws KubeError where `kubectl rollout status` fails: the progress deadline was exceeded, the update strategy is not `RollingUpdate`, or the
 *   object is of another kind.
 * @see kubectl `polymorphichelpers.StatusViewer`
 * @example
 * ```ts
 * await waitFor(client, Deployment, 'web', (it) => it !== undefined && rolloutStatus(it).done, { namespace: 'shop' })
 * ```
 */
export function rolloutStatus(object: KubeObject): RolloutStatus {
  const view = views[object.kind ?? '']
  if (!view) throw new KubeError(`rolloutStatus: expected a Deployment, DaemonSet or StatefulSet, got ${JSON.stringify(object.kind ?? '')}`)
  return view(object as Workload)
}

const done = (message: string): RolloutStatus => ({ done: true, message })
const waiting = (message: string): RolloutStatus => ({ done: false, message })

/** Returns a number of the status; 0 for a missing one, which Go omits. */
function count({ status }: Workload, member: string): number {
  const value = status?.[member]
  return typeof value === 'number' ? value : 0
}

const isObserved = (object: Workload): boolean => (object.metadata.generation ?? 0) <= count(object, 'observedGeneration')

function requireRollingUpdate({ spec }: Workload): void {
  if (spec?.updateStrategy?.type !== 'RollingUpdate')
    throw new KubeError('rollout status is only available for RollingUpdate strategy type')
}

const views: Readonly<Record<string, (object: Workload) => RolloutStatus>> = {
  Deployment(object) {
    if (!isObserved(object)) return waiting('Waiting for deployment spec update to be observed...')
    const name = JSON.stringify(object.metadata.name)
    const progressing = object.status?.conditions?.find(({ type }) => type === 'Progressing')
    if (progressing?.reason === 'ProgressDeadlineExceeded') throw new KubeError(`deployment ${name} exceeded its progress deadline`)
    const [updated, replicas, available] = [count(object, 'updatedReplicas'), count(object, 'replicas'), count(object, 'availableReplicas')]
    const wanted = object.spec?.replicas
    const unfinished = (what: string) => waiting(`Waiting for deployment ${name} rollout to finish: ${what}...`)
    if (wanted !== undefined && updated < wanted) return unfinished(`${updated} out of ${wanted} new replicas have been updated`)
    if (replicas > updated) return unfinished(`${replicas - updated} old replicas are pending termination`)
    if (available < updated) return unfinished(`${available} of ${updated} updated replicas are available`)
    return done(`deployment ${name} successfully rolled out`)
  },

  DaemonSet(object) {
    requireRollingUpdate(object)
    if (!isObserved(object)) return waiting('Waiting for daemon set spec update to be observed...')
    const name = JSON.stringify(object.metadata.name)
    const [updated, wanted] = [count(object, 'updatedNumberScheduled'), count(object, 'desiredNumberScheduled')]
    const available = count(object, 'numberAvailable')
    const unfinished = (what: string) => waiting(`Waiting for daemon set ${name} rollout to finish: ${what}...`)
    if (updated < wanted) return unfinished(`${updated} out of ${wanted} new pods have been updated`)
    if (available < wanted) return unfinished(`${available} of ${wanted} updated pods are available`)
    return done(`daemon set ${name} successfully rolled out`)
  },

  StatefulSet(object) {
    requireRollingUpdate(object)
    if (count(object, 'observedGeneration') === 0 || !isObserved(object))
      return waiting('Waiting for statefulset spec update to be observed...')
    const wanted = object.spec?.replicas
    const [ready, updated] = [count(object, 'readyReplicas'), count(object, 'updatedReplicas')]
    if (wanted !== undefined && ready < wanted) return waiting(`Waiting for ${wanted - ready} pods to be ready...`)
    const { rollingUpdate } = object.spec?.updateStrategy ?? {}
    if (rollingUpdate) {
      const { partition } = rollingUpdate
      if (wanted !== undefined && partition !== undefined && updated < wanted - partition)
        return waiting(`Waiting for partitioned roll out to finish: ${updated} out of ${wanted - partition} new pods have been updated...`)
      return done(`partitioned roll out complete: ${updated} new pods have been updated...`)
    }
    const { updateRevision = '', currentRevision = '' } = object.status ?? {}
    if (updateRevision !== currentRevision)
      return waiting(`waiting for statefulset rolling update to complete ${updated} pods at revision ${updateRevision}...`)
    return done(`statefulset rolling update complete ${count(object, 'currentReplicas')} pods at revision ${currentRevision}...`)
  },
}
