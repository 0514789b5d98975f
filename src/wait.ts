// The entry `kubeflect/wait`: waiting for conditions, rollouts and drained nodes.

export { hasCondition, isDeleted } from './wait/conditions'
export { type DrainEvent, type DrainOptions, drain } from './wait/drain'
export type { DrainChoices, NodePod, SkippedPod } from './wait/drain-pods'
export { type RolloutStatus, rolloutStatus } from './wait/rollout'
export { type WaitForOptions, waitFor } from './wait/wait'
