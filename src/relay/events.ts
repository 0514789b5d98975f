// The events of a relay, for logs and metrics.

import type { Resource } from '../api/resource'
import type { ReflectorEvent } from '../reflector/options'
import type { ReadVerb } from './negotiate'
import type { PassReason } from './route'

/** The outcome of a proof: the cache is the newest state, it is not and did not become so in time, or the API server did not answer. */
export type ProofOutcome = 'equal' | 'reached' | 'late' | 'failed'

/** The outcome of an access review. */
export type ReviewOutcome = 'allowed' | 'denied' | 'failed'

/** An event of a relay. None holds a credential, a path or a query. */
export type RelayEvent =
  /** A request was answered from a cache. */
  | { readonly type: 'served'; readonly resource: Resource; readonly verb: ReadVerb; readonly status: number }
  /** A request was passed on to the API server; `status` is that of the answer. */
  | { readonly type: 'passed'; readonly why: PassReason; readonly method: string; readonly status: number; readonly durationMs: number }
  /** The API server could not be reached, or the caller left before the answer. */
  | { readonly type: 'unreachable'; readonly method: string }
  /** Events were delivered to one watcher. Bytes are counted for events that watchers share. */
  | { readonly type: 'delivered'; readonly resource: Resource; readonly events: number; readonly bytes: number }
  /** A watch was opened, or ended. */
  | { readonly type: 'watch-opened' | 'watch-ended'; readonly resource: Resource }
  /** A watch was ended because its watcher read too slowly. */
  | { readonly type: 'slow-watcher'; readonly resource: Resource }
  /** A watch was ended because its caller may no longer read the resource. */
  | { readonly type: 'revoked'; readonly resource: Resource }
  /** The API server was asked whether a cache is its newest state. */
  | { readonly type: 'proof'; readonly resource: Resource; readonly outcome: ProofOutcome; readonly durationMs: number }
  /** The API server was asked whether a caller may read. Answers from memory are not counted. */
  | { readonly type: 'review'; readonly outcome: ReviewOutcome }
  /** An event of the reflector that fills a cache. */
  | { readonly type: 'feed'; readonly resource: Resource; readonly event: ReflectorEvent }
