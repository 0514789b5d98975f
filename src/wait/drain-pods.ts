// Decides which pods of a node are evicted, as kubectl does.

import { KubeError } from '../api/errors'
import type { KubeObject } from '../api/object'
import type { Resource } from '../api/resource'
import { PODS as ANY_PODS } from '../http/subresources'

/** The resources that a drain uses; only names and identities of their objects. */
export const PODS = ANY_PODS as Resource<PodLike>
export const NODES: Resource = { group: '', version: 'v1', plural: 'nodes', kind: 'Node', scope: 'Cluster' }

const MIRROR = 'kubernetes.io/config.mirror'
/** The number of pods that an error names. */
const MAX_NAMED = 20

/** The part of a pod that decides about its eviction. */
export interface PodLike extends KubeObject {
  readonly spec?: { readonly volumes?: readonly { readonly emptyDir?: unknown }[] }
  readonly status?: { readonly phase?: string }
}

/** A pod of a node. */
export interface NodePod {
  /** `namespace/name`. */
  readonly key: string
  readonly namespace: string
  readonly name: string
  readonly uid: string
  /** Whether it was being deleted when the drain began. */
  readonly isTerminating: boolean
}

/** Choices for pods that a drain does not evict by itself. */
export interface DrainChoices {
  /** Pods of DaemonSets, which would be created again: `'keep'` leaves them on the node. Default: an error. */
  daemonSets?: 'keep' | undefined
  /** Pods with an `emptyDir`, whose data is lost: `'delete'` evicts them. Default: an error. */
  emptyDirData?: 'delete' | undefined
  /** Pods without a controller, which nothing creates again: `'delete'` evicts them. Default: an error. */
  unmanaged?: 'delete' | undefined
}

/** A pod that stays on the node, and why. */
export interface SkippedPod {
  readonly pod: NodePod
  readonly reason: 'daemonSet' | 'mirror'
}

/**
 * Chooses the pods to evict.
 *
 * @throws KubeError naming the pods that need a choice, and the choice.
 * @see kubectl `drain.Helper.makeFilters`
 */
export function choosePods(
  pods: readonly PodLike[],
  node: string,
  { daemonSets, emptyDirData, unmanaged }: DrainChoices,
): { readonly evicted: readonly NodePod[]; readonly skipped: readonly SkippedPod[] } {
  const evicted: NodePod[] = []
  const skipped: SkippedPod[] = []
  const refused = new Map<string, string[]>()
  const refuse = (why: string, { key }: NodePod) => refused.set(why, [...(refused.get(why) ?? []), key])
  for (const object of pods) {
    const pod = nodePodOf(object)
    const controller = object.metadata.ownerReferences?.find((owner) => owner.controller)
    const isFinished = object.status?.phase === 'Succeeded' || object.status?.phase === 'Failed'
    if (controller?.kind === 'DaemonSet' && controller.apiVersion === 'apps/v1' && !isFinished) {
      if (daemonSets === 'keep') skipped.push({ pod, reason: 'daemonSet' })
      else refuse("pods of DaemonSets, which come back: pass daemonSets: 'keep'", pod)
    } else if (object.metadata.annotations?.[MIRROR] !== undefined) skipped.push({ pod, reason: 'mirror' })
    else {
      const hasLocalData = object.spec?.volumes?.some((volume) => volume.emptyDir !== undefined && volume.emptyDir !== null) ?? false
      if (hasLocalData && !isFinished && emptyDirData !== 'delete')
        refuse("pods with data in an emptyDir: pass emptyDirData: 'delete'", pod)
      else if (!controller && !isFinished && unmanaged !== 'delete') refuse("pods without a controller: pass unmanaged: 'delete'", pod)
      else evicted.push(pod)
    }
  }
  if (refused.size > 0) throw new KubeError(`drain: nothing was evicted from ${node}; ${Array.from(refused, describe).join('; ')}`)
  return { evicted, skipped }
}

function describe([why, keys]: readonly [string, readonly string[]]): string {
  const more = keys.length > MAX_NAMED ? ` and ${keys.length - MAX_NAMED} more` : ''
  return `${why} (${keys.slice(0, MAX_NAMED).join(', ')}${more})`
}

function nodePodOf({ metadata }: PodLike): NodePod {
  const { namespace = '', name = '', uid = '', deletionTimestamp } = metadata
  return { key: `${namespace}/${name}`, namespace, name, uid, isTerminating: deletionTimestamp !== undefined }
}
