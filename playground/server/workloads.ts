// The workloads of the fake cluster, and the states of their pods.
import type { OwnerReference } from '../../src/index'
import { type FixturePod, podFixture } from '../../src/testing'

/** A workload; its pods are named after it. */
export interface Workload {
  readonly namespace: string
  readonly name: string
  readonly kind: 'service' | 'daemon' | 'job'
  /** The approximate percentage of all pods. */
  readonly share: number
}

/** The state of a pod. */
export type State = 'pending' | 'creating' | 'pulling' | 'running' | 'crashing' | 'finished' | 'failed' | 'evicted' | 'lost'

/** A pod of the simulation. */
export interface Member {
  readonly name: string
  readonly namespace: string
  readonly uid: string
  readonly workload: Workload
  readonly revision: number
  readonly ownerName: string
  /** The node; the empty string before the pod is scheduled. */
  nodeName: string
  state: State | 'leaving'
}

/** Whether a pod counts for its owner, which otherwise creates another. */
export function isAlive({ state }: Member): boolean {
  return state !== 'leaving' && state !== 'evicted' && state !== 'lost'
}

/** Whether a pod serves requests. */
export function isReady({ state }: Member): boolean {
  return state === 'running'
}

const services = (namespace: string, names: readonly string[], share: number): Workload[] =>
  names.map((name) => ({ namespace, name, kind: 'service', share }))

/** All workloads. */
export const workloads: readonly Workload[] = [
  ...services('shop', ['storefront', 'checkout', 'cart', 'catalog', 'image-resizer'], 7),
  ...services('payments', ['ledger', 'card-gateway', 'invoices', 'fraud-scoring'], 5),
  ...services('search', ['indexer', 'query', 'suggest'], 6),
  ...services('monitoring', ['prometheus', 'alertmanager', 'grafana'], 2),
  ...services('kube-system', ['coredns', 'metrics-server'], 1),
  { namespace: 'kube-system', name: 'kube-proxy', kind: 'daemon', share: 5 },
  { namespace: 'monitoring', name: 'node-exporter', kind: 'daemon', share: 5 },
  { namespace: 'payments', name: 'settlement', kind: 'job', share: 3 },
  { namespace: 'search', name: 'reindex', kind: 'job', share: 3 },
]

/** The finalizer that keeps a deleted pod until it has terminated. */
const DRAIN = 'playground.example.com/drain'
const LETTERS = 'bcdfghjklmnpqrstvwxz2456789'

/** Returns the number of pods of each workload: shares of `size`, at most one for each node for a daemon. */
export function targetsOf(size: number, nodes: number): Map<Workload, number> {
  const total = workloads.reduce((sum, { share }) => sum + share, 0)
  const targets = new Map(
    workloads.map((workload) => {
      const pods = Math.floor((size * workload.share) / total)
      return [workload, workload.kind === 'daemon' ? Math.min(pods, nodes) : pods]
    }),
  )
  const services = workloads.filter(({ kind }) => kind === 'service')
  let rest = size - [...targets.values()].reduce((sum, pods) => sum + pods, 0)
  for (let at = 0; rest > 0; at++, rest--) {
    const workload = services[at % services.length]
    if (workload) targets.set(workload, (targets.get(workload) ?? 0) + 1)
  }
  return targets
}

/** Returns the name of the replica set of a revision. */
export function replicaSetNameOf({ name }: Workload, revision: number): string {
  return `${name}-${hashOf(revision === 0 ? name : `${name}${revision}`)}`
}

/** Returns the image of a revision. */
export function imageOf({ namespace, name }: Workload, revision: number): string {
  return `registry.example.com/${namespace}/${name}:1.${4 + revision}`
}

/** Creates a pod of a workload, about 7 kB, that waits for a node. */
export function newPod(
  workload: Workload,
  { index, revision, owner, random }: { index: number; revision: number; owner: OwnerReference; random: () => number },
): FixturePod {
  const { namespace, name, kind } = workload
  const suffix = Array.from({ length: 5 }, () => LETTERS[Math.floor(random() * LETTERS.length)]).join('')
  const pod = podFixture(index, { namespace })
  const labels = { app: name, tier: kind }
  const [container, ...others] = pod.spec.containers
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      name: `${owner.name}-${suffix}`,
      generateName: `${owner.name}-`,
      labels,
      finalizers: [DRAIN],
      ownerReferences: [owner],
    },
    spec: { ...pod.spec, containers: container ? [{ ...container, image: imageOf(workload, revision) }, ...others] : others },
  } as FixturePod
}

/** Returns the pod in another state. */
export function inState(pod: FixturePod, state: State, { nodeName, restarts = 0 }: { nodeName: string; restarts?: number }): FixturePod {
  const waiting = { creating: 'ContainerCreating', pulling: 'ImagePullBackOff', crashing: 'CrashLoopBackOff' }[state as string]
  const ended = { finished: 'Completed', failed: 'Error' }[state as string]
  const now = waiting
    ? { waiting: { reason: waiting } }
    : ended
      ? { terminated: { reason: ended, exitCode: state === 'failed' ? 1 : 0 } }
      : { running: {} }
  const phase = {
    pending: 'Pending',
    creating: 'Pending',
    pulling: 'Pending',
    running: 'Running',
    crashing: 'Running',
    finished: 'Succeeded',
    failed: 'Failed',
    evicted: 'Failed',
    lost: 'Running',
  }[state]
  const reason = { evicted: 'Evicted', lost: 'NodeLost' }[state as string]
  const { reason: _, ...before } = pod.status as FixturePod['status'] & { reason?: string }
  const isUp = state === 'running'
  const conditions = before.conditions?.map((condition) =>
    condition.type.endsWith('Ready') ? { ...condition, status: isUp ? 'True' : 'False' } : condition,
  )
  const containerStatuses = podFixture(0).status.containerStatuses.map((status, at) => ({
    ...status,
    name: pod.spec.containers[at]?.name ?? status.name,
    ready: isUp,
    restartCount: at === 0 ? restarts : 0,
    state: now,
  }))
  return {
    ...pod,
    spec: { ...pod.spec, nodeName },
    status: {
      ...before,
      ...(reason && { reason }),
      phase,
      ...(conditions && { conditions }),
      containerStatuses: state === 'pending' ? [] : containerStatuses,
    },
  }
}

/** Returns the number of container restarts of a pod. */
export function restartsOf({ status }: FixturePod): number {
  return status.containerStatuses.reduce((sum, { restartCount }) => sum + restartCount, 0)
}

/** Returns a stable hash of a name, in the form of a pod template's hash. */
function hashOf(name: string): string {
  const step = (hash: number, next: number) => (hash * 31 + next) % 1_000_003
  let hash = [...name].reduce((sum, letter) => step(sum, letter.charCodeAt(0)), 7)
  return Array.from({ length: 9 }, (_, at) => {
    hash = step(hash, at)
    return LETTERS[hash % LETTERS.length]
  }).join('')
}
