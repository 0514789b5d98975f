// The responses with which a relay itself refuses a request.

import { failure, unavailable, type WireStatus } from '../watch-cache/failures'
import { statusResponse } from '../watch-cache/protocol'
import type { PassReason } from './route'
import { UnsendableError } from './upstream'

/** Returns the response to a caller that is not authenticated. */
export const unauthenticated = (): Response => statusResponse(failure(401, 'Unauthorized', 'Unauthorized'))

/** Returns the response to an upgrade in a runtime that cannot pass one on. */
export const noUpgrades = (): Response =>
  statusResponse(failure(501, 'NotImplemented', 'the relay cannot pass on upgrades in this runtime: exec, attach and port-forward'))

/** Returns the response to a read whose access could not be reviewed. */
export const unreviewable = (): Response => statusResponse(unavailable('the relay cannot review the access to the resource'))

/** Returns the response to a read that the caches cannot answer, for a caller whose requests are not passed on. */
export function unanswerable(why: PassReason): Response {
  return statusResponse(statusOf(why))
}

function statusOf(why: PassReason): WireStatus {
  if (why === 'gone') return failure(404, 'NotFound', 'the server could not find the requested resource', {})
  if (why === 'denied-to-relay') return failure(403, 'Forbidden', 'the relay may not read the resource', {})
  return unavailable(`the caches of the relay cannot answer this now: ${why}`)
}

/** Returns the response to a request that could not be sent. Does not quote the error: some runtimes quote header values in it. */
export function unsendable(error: unknown): Response {
  if (error instanceof UnsendableError) return statusResponse(failure(501, 'NotImplemented', error.message))
  return statusResponse(unavailable('the relay cannot reach the API server'))
}
