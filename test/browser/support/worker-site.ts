import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { sourceAlias } from '../../../scripts/source-alias.ts'
import type { FakeApiServer } from '../../../src/testing'
import { type HttpServer, serve } from '../../support/http.ts'

/** What scripts of the pages may do: nothing that is not a file of the site, and no Worker below `/strict`. */
const policyOf = (path: string) => `default-src 'self'; script-src 'self'; worker-src ${path === '/strict' ? "'none'" : "'self'"}`

/**
 * Serves a page whose informer has a Worker, as Vite builds it, and an API server below `/k8s`.
 *
 * @param script which of the pages' scripts; default `worker.ts`.
 */
export async function serveWorkerSite(server: FakeApiServer, script: 'worker.ts' | 'frozen.ts' = 'worker.ts'): Promise<HttpServer> {
  const files = await bundle(script)
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

/** The scripts by their paths. */
async function bundle(script: string): Promise<Map<string, string>> {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    resolve: { alias: sourceAlias },
    build: {
      write: false,
      target: 'esnext',
      modulePreload: { polyfill: false },
      rolldownOptions: { input: fileURLToPath(new URL(`../pages/${script}`, import.meta.url)), output: { entryFileNames: 'page.js' } },
    },
  })
  const outputs = (Array.isArray(built) ? built : [built]).flatMap((result) => ('output' in result ? result.output : []))
  return new Map(outputs.map((file) => [`/${file.fileName}`, file.type === 'chunk' ? file.code : String(file.source)]))
}
