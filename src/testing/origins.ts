import { failure } from '../watch-cache/failures'
import { statusResponse } from '../watch-cache/protocol'

const SAFE = ['GET', 'HEAD', 'OPTIONS']

/** Which pages of other origins may use a server; none, unless it is configured (`--cors-allowed-origins` of kube-apiserver). */
export class Origins {
  readonly #allowed: readonly string[]

  /** @param allowed origins such as `http://localhost:5173`, or `*` for all. */
  constructor(allowed: readonly string[]) {
    this.#allowed = allowed
  }

  /**
   * The answer to a preflight of an allowed origin, or to a foreign page that wants to change something: a browser sends a POST without a
   * content type before it asks whether it may. Undefined: the request is to be answered.
   */
  before(request: Request): Response | undefined {
    const origin = request.headers.get('origin')
    if (origin === null) return undefined
    if (this.#allows(origin)) return request.method === 'OPTIONS' ? new Response(null, { status: 204 }) : undefined
    if (SAFE.includes(request.method) || isOwn(origin, request.url)) return undefined
    const message = `a page of ${JSON.stringify(origin)} may not change what this server has: its origin is not among allowedOrigins`
    return statusResponse(failure(403, 'Forbidden', message, {}))
  }

  /** Lets a page of an allowed origin read an answer. @see apiserver `filters.WithCORS` */
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
