// The entry `kubeflect/relay`: serves cached resources in the Kubernetes protocol, and passes everything else on.

export {
  type Authorization,
  type Caller,
  type ImpersonationOptions,
  impersonation,
  type RelayUser,
  selfReviews,
} from './relay/authorize'
export type { ProofOutcome, RelayEvent, ReviewOutcome } from './relay/events'
export type { CacheLimits, RelayPersistence } from './relay/feed'
export { type RelayMetrics, relayMetrics } from './relay/metrics'
export type { ReadVerb } from './relay/negotiate'
export { packOnArrival, type RelayPacking } from './relay/packing'
export { createRelay, type Relay } from './relay/relay'
export type { RelayOptions, RelayResourceStatus } from './relay/relay-options'
export type { PassReason, ReadAttributes } from './relay/route'
