// The entry `kubeflect/operator`: leader election, Events, finalizers and owner references.

export { appliedBy } from './operator/applied-by'
export { EventRecorder, type EventRecorderOptions } from './operator/event-recorder'
export type { Occurrence } from './operator/event-series'
export { type FinalizerSteps, withFinalizer } from './operator/finalizer'
export {
  isLeadershipLostError,
  LeaderElection,
  type LeaderElectionOptions,
  LeadershipLostError,
  type Term,
} from './operator/leader-election'
export { controlledBy, controllerOf, controllerReference, ownerReference } from './operator/owners'
