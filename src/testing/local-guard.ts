// Protects a server on a local port against requests from other sites.

/** The parts of a request that show its origin: a `Request`, or a Node request behind {@link LocalRequest}. */
export interface LocalRequest {
  readonly method: string
  readonly headers: { get(name: string): string | null }
}

/**
 * Returns the reason why a server on this machine refuses a request, or undefined when it may answer. A page of another site must not reach
 * a port of its visitor's machine: neither by a request of its own (`Origin`, `Sec-Fetch-Site`) nor through a name that resolves to this
 * machine (DNS rebinding, `Host`). Programs such as curl and kubectl send none of these headers and are accepted.
 *
 * @param port the port of the server; only loopback names with this port are its own.
 * @param allowedOrigins further origins whose pages are accepted, or `*` for all; default none.
 */
export function whyForeign({ method, headers }: LocalRequest, port: number, allowedOrigins: readonly string[] = []): string | undefined {
  const host = headers.get('host')
  const hosts = ownHosts(port)
  if (host === null || !hosts.includes(host.toLowerCase())) {
    return `this server answers only on ${hosts[0]}, but the Host of the request is ${JSON.stringify(host ?? '')}`
  }
  const origin = headers.get('origin')
  if (origin !== null && (allowedOrigins.includes(origin) || allowedOrigins.includes('*'))) return undefined
  if (origin !== null && !hosts.some((own) => origin.toLowerCase() === `http://${own}`)) {
    return `this server answers only its own pages, but the request comes from ${JSON.stringify(origin)}`
  }
  const site = headers.get('sec-fetch-site')
  // Other sites may link to a page, but not embed it in a frame, which has another destination.
  const isVisit = method === 'GET' && headers.get('sec-fetch-mode') === 'navigate' && headers.get('sec-fetch-dest') === 'document'
  if ((site === 'cross-site' || site === 'same-site') && !isVisit) {
    return 'this server answers only its own pages, but the browser reports a request from another site'
  }
  return undefined
}

/** Returns the response to a request that {@link whyForeign} refuses. */
export function refusal(reason: string): Response {
  return new Response(`${reason}\n`, { status: 403, headers: { 'content-type': 'text/plain; charset=utf-8' } })
}

/** Returns the values of `Host` that a browser sends to a server on this machine; it omits the default port of a scheme. */
function ownHosts(port: number): string[] {
  return ['127.0.0.1', 'localhost', '[::1]'].flatMap((name) => (port === 80 ? [name, `${name}:80`] : [`${name}:${port}`]))
}
