// The workloads of the fake cluster, and the states of their pods.
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
export type State = 'pending' | 'creating' | 'pulling' | 'running' | 'crashing' | 'finished' | 'failed'

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

/** Picks a random workload, weighted by its share. */
export function pickWorkload(random: () => number): Workload {
  let point = random() * workloads.reduce((sum, { share }) => sum + share, 0)
  const found = workloads.find(({ share }) => {
    point -= share
    return point < 0
  })
  return found ?? (workloads[0] as Workload)
}

/** Creates a pod of a workload, about 7 kB, that waits for a node. */
export function newPod({ namespace, name, kind }: Workload, index: number, random: () => number): FixturePod {
  const letters = (length: number) => Array.from({ length }, () => LETTERS[Math.floor(random() * LETTERS.length)]).join('')
  const middle = { service: `-${hashOf(name)}`, daemon: '', job: `-${29_000_000 + Math.floor(random() * 900_000)}` }[kind]
  const pod = podFixture(index, { namespace })
  const labels = { app: name, tier: kind }
  return {
    ...pod,
    metadata: { ...pod.metadata, name: `${name}${middle}-${letters(5)}`, generateName: `${name}${middle}-`, labels, finalizers: [DRAIN] },
  }
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
  }[state]
  const containerStatuses = podFixture(0).status.containerStatuses.map((status, at) => ({
    ...status,
    name: pod.spec.containers[at]?.name ?? status.name,
    ready: state === 'running',
    restartCount: at === 0 ? restarts : 0,
    state: now,
  }))
  return {
    ...pod,
    spec: { ...pod.spec, nodeName },
    status: { ...pod.status, phase, containerStatuses: state === 'pending' ? [] : containerStatuses },
  }
}

/** Returns the number of container restarts of a pod. */
export function restartsOf({ status }: FixturePod): number {
  return status.containerStatuses.reduce((sum, { restartCount }) => sum + restartCount, 0)
}

/** Returns a stable hash of a name, in the form of a pod template's hash. */
function hashOf(name: string): string {
  let hash = 7
  return Array.from({ length: 9 }, (_, at) => {
    hash = (hash * 31 + name.charCodeAt(at % name.length)) % 1_000_003
    return LETTERS[hash % LETTERS.length]
  }).join('')
}
