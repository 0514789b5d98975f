import type { RequestOptions } from '../api/options'

/** Headers in any form that `Headers` takes. Said without `HeadersInit`, a name that only the DOM's types have. */
export type HeaderValues = ConstructorParameters<typeof Headers>[0]

/** One request, below the resources' methods. */
export interface RawRequest extends RequestOptions {
  /** Below the base URL, without a leading slash. */
  path: string
  params?: URLSearchParams | undefined
  method?: string | undefined
  headers?: HeaderValues | undefined
  body?: string | undefined
  /**
   * Whether the caller decides about failures and waiting itself, as a Reflector does: the client then sends the request once and sets no time limit,
   * whatever its `retry` and `timeoutMs` say. Default: no.
   */
  ownPolicy?: boolean | undefined
}

/** The part of a client that reads need which are not about one resource's objects as they are. */
export interface Requester {
  readonly baseUrl: string
  request(request: RawRequest): Promise<Response>
}

/** The same client for a caller that decides about failures and waiting itself; see {@link RawRequest}. */
export function withOwnPolicy(client: Requester): Requester {
  return { baseUrl: client.baseUrl, request: (request) => client.request({ ...request, ownPolicy: true }) }
}
