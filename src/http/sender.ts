/** A request as `new Request(url, init)` takes it. */
export interface Outgoing {
  readonly url: string
  readonly init: RequestInit
  /** As `RawRequest.ownPolicy`. */
  readonly ownPolicy: boolean
}

/**
 * Sends requests for a client. This is the one part in which clients differ: `KubeReader.request` checks, signs and explains for each of them.
 *
 * @returns the response as it came, whatever its status. A rejection is a request without an answer.
 */
export type Sender = (request: Outgoing) => Promise<Response>

/** Stands in for the runtime's `fetch`. */
export type Fetch = (request: Request) => Promise<Response>

/** Sends each request once. */
export function fetchSender(fetch: Fetch = (request) => globalThis.fetch(request)): Sender {
  // Node's Request follows its signal by a weak reference: collected before the answer comes, it would not pass an abort on.
  const unanswered = new Set<Request>()
  return async ({ url, init }) => {
    const request = new Request(url, init)
    unanswered.add(request)
    try {
      return await fetch(request)
    } finally {
      unanswered.delete(request)
    }
  }
}
