import type { Entry } from 'kubeflect'
import type { Pod } from 'kubeflect/resources/core/v1'

/** What the table shows of a pod beyond its name. */
export interface PodDetails {
  readonly phase: string
  readonly node: string
  readonly restarts: number
  /** Milliseconds since 1970; NaN for a pod that was never on a server. */
  readonly created: number
}

/** How a phase is coloured. */
export type Tone = 'good' | 'busy' | 'bad' | 'done' | 'leaving'

/** A row of the table: one version of one pod. The pod is parsed when its details are read first. */
export class PodRow {
  readonly entry: Entry<Pod>
  #details: PodDetails | undefined

  constructor(entry: Entry<Pod>) {
    this.entry = entry
  }

  get key(): string {
    return this.entry.key
  }

  get details(): PodDetails {
    this.#details ??= detailsOf(this.entry.object)
    return this.#details
  }
}

/** The details of a pod; its phase is what `kubectl get pods` says, such as `CrashLoopBackOff`. */
export function detailsOf(pod: Pod): PodDetails {
  const containers = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
  const stuck = containers.map(({ state }) => state?.waiting?.reason).find((reason) => reason && reason !== 'PodInitializing')
  const phase = pod.metadata.deletionTimestamp ? 'Terminating' : (stuck ?? pod.status?.reason ?? pod.status?.phase ?? 'Unknown')
  return {
    phase,
    node: pod.spec?.nodeName ?? '',
    restarts: containers.reduce((sum, { restartCount }) => sum + restartCount, 0),
    created: Date.parse(pod.metadata.creationTimestamp ?? ''),
  }
}

/** How a phase is coloured: anything that is no phase of Kubernetes' own is a reason for trouble, or for waiting. */
export function toneOf(phase: string): Tone {
  switch (phase) {
    case 'Running':
      return 'good'
    case 'Pending':
    case 'ContainerCreating':
      return 'busy'
    case 'Succeeded':
    case 'Completed':
      return 'done'
    case 'Terminating':
      return 'leaving'
    default:
      return 'bad'
  }
}

/** A span of time in the two largest units that matter: `42s`, `5m10s`, `3d4h`. */
export function formatAge(ms: number): string {
  if (!Number.isFinite(ms)) return '–'
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 10) return pair(minutes, 'm', seconds % 60, 's')
  if (minutes < 180) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours < 8) return pair(hours, 'h', minutes % 60, 'm')
  if (hours < 48) return `${hours}h`
  const days = Math.floor(hours / 24)
  return days < 8 ? pair(days, 'd', hours % 24, 'h') : `${days}d`
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`
}
