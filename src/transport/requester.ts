import type { RequestOptions } from '../meta/wire'

/** One request, below the resources' methods. */
export interface RawRequest extends RequestOptions {
  /** Below the base URL, without a leading slash. */
  path: string
  params?: URLSearchParams | undefined
  method?: string | undefined
  headers?: HeadersInit | undefined
  body?: string | undefined
}

/** The part of a client that reads need which are not about one resource's objects as they are. */
export interface Requester {
  readonly baseUrl: string
  request(request: RawRequest): Promise<Response>
}
