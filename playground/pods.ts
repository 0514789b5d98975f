// Derives the status of pods like kubectl.
import type { Pod } from 'kubeflect/resources/core/v1'

/** The details of a pod that the table shows. */
export interface PodDetails {
  /** The status that `kubectl get pods` prints, such as `CrashLoopBackOff`. */
  readonly phase: string
  readonly node: string
  readonly restarts: number
}

/** Returns the details of a pod. */
export function detailsOf(pod: Pod): PodDetails {
  const containers = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
  const stuck = containers.map(({ state }) => state?.waiting?.reason).find((reason) => reason && reason !== 'PodInitializing')
  return {
    phase: pod.metadata.deletionTimestamp ? 'Terminating' : (stuck ?? pod.status?.reason ?? pod.status?.phase ?? 'Unknown'),
    node: pod.spec?.nodeName ?? '',
    restarts: containers.reduce((sum, { restartCount }) => sum + restartCount, 0),
  }
}
