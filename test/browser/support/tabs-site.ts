// Serves a page whose informer shares its feed, and counts the requests that reach the API server.

import { expect } from 'vitest'
import { ConfigMap } from '../../../src/resources/core/v1'
import type { FakeApiServer } from '../../../src/testing'
import { isProbe } from '../../conformance/brief'
import { serve } from '../../support/http.ts'
import type { TabsPage } from '../pages/tabs.ts'
import { bundlePage } from './bundle-page.ts'

/** The page of tabs, beside an API server. */
export interface TabsSite extends AsyncDisposable {
  readonly url: string
  /** The lists and watches that reached the server: `list`, `stream` or `watch`. */
  readonly upstream: string[]
}

let bundled: Promise<Map<string, string>> | undefined

/** Serves the page, which is built once, an API server below `/k8s`, and an empty page at `/empty`. */
export async function serveTabsSite(server: Pick<FakeApiServer, 'fetch'>): Promise<TabsSite> {
  bundled ??= bundlePage('tabs')
  const files = await bundled
  const upstream: string[] = []
  const { url, close } = await serve(async (request) => {
    const { pathname, search, searchParams } = new URL(request.url)
    if (pathname.startsWith('/k8s/')) {
      const kind = searchParams.has('sendInitialEvents') ? 'stream' : searchParams.has('watch') ? 'watch' : 'list'
      if (!isProbe(new URL(request.url))) upstream.push(kind)
      return server.fetch(new Request(new URL(pathname.slice(4) + search, request.url), request))
    }
    if (pathname === '/empty') return new Response('<!doctype html>', { headers: { 'content-type': 'text/html' } })
    const file = files.get(pathname)
    if (file) return new Response(file, { headers: { 'content-type': 'text/javascript' } })
    return new Response('<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>', {
      headers: { 'content-type': 'text/html' },
    })
  })
  return { url, upstream, [Symbol.asyncDispose]: close }
}

/** A tab with or without Playwright. */
type Evaluating = { evaluate<T>(expression: string): Promise<T> }

/** Calls a function of the page. */
export function ask<K extends keyof TabsPage>(
  page: Evaluating,
  name: K,
  ...args: Parameters<TabsPage[K]>
): Promise<Awaited<ReturnType<TabsPage[K]>>> {
  return page.evaluate(`page[${JSON.stringify(name)}](...${JSON.stringify(args)})`)
}

/** Waits until every page is live and has the state of the server. */
export async function caughtUp(server: FakeApiServer, pages: readonly Evaluating[]): Promise<void> {
  const expected = () => ({
    state: 'live',
    objects: server
      .list(ConfigMap)
      .map(({ metadata }) => `${metadata.namespace}/${metadata.name} ${metadata.resourceVersion}`)
      .sort(),
  })
  for (const page of pages)
    await expect
      .poll(async () => ({ ...(await ask(page, 'state').catch(() => undefined)) }), { timeout: 20_000, interval: 20 })
      .toEqual(expected())
}
