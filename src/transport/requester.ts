import type { RequestOptions } from '../meta/wire'

/** The part of a client that the readers of lists and watches need. */
export interface Requester {
  readonly baseUrl: string
  request(request: RequestOptions & { path: string; params?: URLSearchParams | undefined }): Promise<Response>
}
