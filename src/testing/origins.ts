// Implements CORS for the fake server.

import { failure } from '../watch-cache/failures'
import { statusResponse } from '../watch-cache/protocol'

const SAFE = ['GET', 'HEAD', 'OPTIONS']

/** The origins whose pages may use a server (CORS); none by default, like `--cors-allowed-origins` of kube-apiserver. */
export class Origins {
  readonly #allowed: readonly string[]

  /** @param allowed origins such as `http://localhost:5173`, or `*` for all. */
  constructor(allowed: readonly string[]) {
    this.#allowed = allowed
  }

  /**
   * Answers the preflight of an allowed origin, and refuses writes of a foreign page, because a browser sends a POST without a content type
   * before any preflight. Returns undefined when the server should handle the request.
   */
  before(request: Request): Response | undefined {
    const origin = request.headers.get('origin')
    if (origin === null) return undefined
    if (this.#allows(origin)) return request.method === 'OPTIONS' ? new Response(null, { status: 204 }) : undefined
    if (SAFE.includes(request.method) || isOwn(origin, request.url)) return undefined
    const message = `a page of ${JSON.stringify(origin)} may not change objects of this server: add its origin to allowedOrigins`
    return statusResponse(failure(403, 'Forbidden', message, {}))
  }

  /** Allows a page of an allowed origin to read a response. @see apiserver `filters.WithCORS` */
  mark(response: Response, { headers }: Request): Response {
    const origin = headers.get('origin')
    if (origin === null || !this.#allows(origin)) return response
    const marked = new Response(response.body, response)
    const set = (name: string, value: string) => marked.headers.set(`access-control-${name}`, value)
    set('allow-origin', origin)
    set('allow-methods', 'POST, GET, OPTIONS, PUT, DELETE, PATCH')
    set(
      'allow-headers',
      'Content-Type, Content-Length, Accept-Encoding, X-CSRF-Token, Authorization, X-Requested-With, If-Modified-Since, If-None-Match',
    )
    set('expose-headers', 'Date')
    set('allow-credentials', 'true')
    marked.headers.set('vary', 'Origin')
    return marked
  }

  #allows(origin: string): boolean {
    return this.#allowed.includes(origin) || this.#allowed.includes('*')
  }
}

function isOwn(origin: string, url: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === new URL(url).host
}
