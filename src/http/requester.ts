// The interface of clients for requests that are not about the objects of one resource.

import type { RequestOptions } from '../api/options'

/** Headers in any form that `Headers` accepts. Does not use `HeadersInit`, a name that only the DOM's types have. */
export type HeaderValues = ConstructorParameters<typeof Headers>[0]

/** A request below the level of resources. */
export interface RawRequest extends RequestOptions {
  /** The path below the base URL, without a leading slash. */
  path: string
  params?: URLSearchParams | undefined
  method?: string | undefined
  headers?: HeaderValues | undefined
  body?: string | undefined
  /**
   * Whether the caller handles failures and delays itself, as a Reflector does. The client then sends the request once without a time
   * limit, whatever its `retry` and `timeoutMs`. Default false.
   */
  ownPolicy?: boolean | undefined
}

/** An open watch. */
export interface WatchStream {
  /** The server's response. Its body is the watch: JSON values, one in a line. */
  readonly response: Response
  /** Ends the watch without an error when it is aborted, as a server does at its time limit. */
  readonly end?: AbortSignal | undefined
  /** Called once, when nothing more is read. */
  close(): void
}

/** The part of a client that sends raw requests. */
export interface Requester {
  readonly baseUrl: string
  request(request: RawRequest): Promise<Response>
  /** Opens a watch in the way that the client prescribes; default: with `request`. */
  openWatch?(request: RawRequest): Promise<WatchStream>
}

/** Returns the client for a caller that handles failures and delays itself; see {@link RawRequest}. */
export function withOwnPolicy(client: Requester): Requester {
  return { baseUrl: client.baseUrl, request: (request) => client.request({ ...request, ownPolicy: true }) }
}
