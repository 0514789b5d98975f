import type { FakeApiServer } from '../../../src/testing'
import { type HttpServer, serve } from '../../support/http.ts'
import { bundlePage } from './bundle-page.ts'

/** What scripts of the pages may do: nothing that is not a file of the site, and no Worker below `/strict`. */
const policyOf = (path: string) => `default-src 'self'; script-src 'self'; worker-src ${path === '/strict' ? "'none'" : "'self'"}`

/**
 * Serves a page whose informer has a Worker, as Vite builds it, and an API server below `/k8s`.
 *
 * @param script which of the pages' scripts; default `worker`.
 */
export async function serveWorkerSite(server: FakeApiServer, script: 'worker' | 'frozen' = 'worker'): Promise<HttpServer> {
  const files = await bundlePage(script)
  return serve(async (request) => {
    const { pathname, search } = new URL(request.url)
    if (pathname.startsWith('/k8s/')) return server.fetch(new Request(new URL(pathname.slice(4) + search, request.url), request))
    const file = files.get(pathname)
    if (file) return new Response(file, { headers: { 'content-type': 'text/javascript' } })
    return new Response('<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>', {
      headers: { 'content-type': 'text/html', 'content-security-policy': policyOf(pathname) },
    })
  })
}
