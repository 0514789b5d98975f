// Sends the requests of a client.

/** The arguments of `new Request(url, init)`. */
export interface Outgoing {
  readonly url: string
  readonly init: RequestInit
  /** See `RawRequest.ownPolicy`. */
  readonly ownPolicy: boolean
}

/**
 * Sends requests for a client. The only part in which clients differ: `KubeReader.request` validates, signs and explains for all of them.
 *
 * @returns the response unchanged, whatever its status. Rejects when there is no response.
 */
export type Sender = (request: Outgoing) => Promise<Response>

/** A replacement for the runtime's `fetch`. */
export type Fetch = (request: Request) => Promise<Response>

/** Makes a sender that sends each request once. */
export function fetchSender(fetch: Fetch = (request) => globalThis.fetch(request)): Sender {
  // Node's Request follows its signal by a weak reference. If it were collected before the response, it would not pass on an abort.
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
