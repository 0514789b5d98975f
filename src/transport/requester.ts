import type { RequestOptions } from '../meta/wire'

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
}

/** The part of a client that reads need which are not about one resource's objects as they are. */
export interface Requester {
  readonly baseUrl: string
  request(request: RawRequest): Promise<Response>
}
