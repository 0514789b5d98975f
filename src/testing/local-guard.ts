/** What of a request says where it comes from: a `Request`, or a Node request behind {@link LocalRequest}. */
export interface LocalRequest {
  readonly method: string
  readonly headers: { get(name: string): string | null }
}

/**
 * Says why a server on this machine refuses a request; undefined when it may be answered. A page of another site must not reach what listens
 * on a port of its visitor's machine: neither with a request of its own (`Origin`, `Sec-Fetch-Site`) nor under a name that it lets point here
 * (DNS rebinding, `Host`). Programs such as curl and kubectl send none of the browser's headers and are let in.
 *
 * @param port the port the server listens on; only loopback names with this port are its own.
 * @param allowedOrigins origins whose pages are let in besides, or `*` for all; default none.
 */
export function whyForeign({ method, headers }: LocalRequest, port: number, allowedOrigins: readonly string[] = []): string | undefined {
  const host = headers.get('host')
  const hosts = ownHosts(port)
  if (host === null || !hosts.includes(host.toLowerCase())) {
    return `this server answers on ${hosts[0]} only, and the request names ${JSON.stringify(host ?? '')} as its host`
  }
  const origin = headers.get('origin')
  if (origin !== null && (allowedOrigins.includes(origin) || allowedOrigins.includes('*'))) return undefined
  if (origin !== null && !hosts.some((own) => origin.toLowerCase() === `http://${own}`)) {
    return `this server answers its own pages only, and the request comes from ${JSON.stringify(origin)}`
  }
  const site = headers.get('sec-fetch-site')
  // Following a link to a page is what other sites may do; a frame is not: it has another destination.
  const isVisit = method === 'GET' && headers.get('sec-fetch-mode') === 'navigate' && headers.get('sec-fetch-dest') === 'document'
  if ((site === 'cross-site' || site === 'same-site') && !isVisit) {
    return 'this server answers its own pages only, and the browser says that the request comes from another site'
  }
  return undefined
}

/** The answer to a request that {@link whyForeign} has an objection to. */
export function refusal(reason: string): Response {
  return new Response(`${reason}\n`, { status: 403, headers: { 'content-type': 'text/plain; charset=utf-8' } })
}

/** The names a browser sends in `Host` for a server on this machine; the port that a scheme has by default is left out. */
function ownHosts(port: number): string[] {
  return ['127.0.0.1', 'localhost', '[::1]'].flatMap((name) => (port === 80 ? [name, `${name}:80`] : [`${name}:${port}`]))
}
