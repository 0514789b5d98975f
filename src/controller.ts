// Controllers: reconcile one key at a time, and the work queues behind that.

export { Controller, type ControllerOptions, type Reconcile, type ReconcileResult } from './controller/controller'
export { ownerKeys } from './controller/owner-keys'
export type { ControllerHandler, ControllerRegistration, ControllerSource, ControllerWatch } from './controller/source'
export { DelayingQueue, type DelayingQueueStats } from './workqueue/delaying-queue'
export {
  type BucketOptions,
  BucketRateLimiter,
  defaultControllerRateLimiter,
  type ItemExponentialFailureOptions,
  ItemExponentialFailureRateLimiter,
  type ItemFastSlowOptions,
  ItemFastSlowRateLimiter,
  MaxOfRateLimiter,
  type RateLimiter,
  WithMaxWaitRateLimiter,
} from './workqueue/rate-limiters'
export { RateLimitingQueue, type RateLimitingQueueOptions } from './workqueue/rate-limiting-queue'
export { type GetOptions, WorkQueue, type WorkQueueOptions, type WorkQueueStats } from './workqueue/work-queue'
