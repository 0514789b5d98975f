import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Pod, Secret } from '../../src/resources/core/v1'
import { FakeApiServer } from '../../src/testing'
import { createProfile, launchChromium } from '../support/chromium.ts'
import { serve } from '../support/http.ts'
import type { DiskCachePage } from './pages/disk-cache.ts'
import { bundlePage } from './support/bundle-page.ts'

const MARKERS = ['marker-metadata', 'marker-in-data', btoa('marker-in-data'), 'marker-of-the-log', 'marker-written']
const TOKEN = 'token-of-the-page'
const CONTROL = 'marker-of-the-control'

/** Every answer of the API server says that it may be kept for a day. */
async function serveCacheable(server: FakeApiServer) {
  const files = await bundlePage('disk-cache')
  return serve(async (request) => {
    const { pathname, search } = new URL(request.url)
    const script = files.get(pathname)
    if (script) return new Response(script, { headers: { 'content-type': 'text/javascript' } })
    if (!pathname.startsWith('/k8s/'))
      return new Response('<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>', {
        headers: { 'content-type': 'text/html' },
      })
    const response = await server.fetch(new Request(new URL(pathname.slice(4) + search, request.url), request))
    const headers = new Headers(response.headers)
    headers.set('cache-control', 'public, max-age=86400')
    headers.set('last-modified', 'Wed, 21 Oct 2015 07:28:00 GMT')
    return new Response(response.body, { status: response.status, headers })
  })
}

function createServer(): FakeApiServer {
  const server = new FakeApiServer()
  const annotations = { mark: 'marker-metadata' }
  for (const name of ['one', 'two'])
    server.create(Secret, { metadata: { name, namespace: 'shop', annotations }, data: { password: btoa('marker-in-data') } })
  server.create(Secret, { metadata: { name: 'control', namespace: 'other', annotations: { mark: CONTROL } } })
  server.create(Pod, { metadata: { name: 'pod', namespace: 'shop' }, spec: { containers: [{ name: 'main' }] } })
  const container = { namespace: 'shop', name: 'pod', container: 'main' }
  server.logs.append(container, ['marker-of-the-log'])
  server.logs.end(container)
  return server
}

/** The files below a folder that hold a text. */
function filesWith(folder: string, text: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((file) => {
    const path = join(file.parentPath, file.name)
    return file.isFile() && readFileSync(path).includes(text) ? [path] : []
  })
}

test('nothing that the library reads is found on disk after the browser was closed, though the server allows caches to keep it', async () => {
  const site = await serveCacheable(createServer())
  await using profile = await createProfile()
  try {
    const context = await launchChromium(profile)
    const page = context.pages()[0] ?? (await context.newPage())
    await page.goto(site.url)
    const call = (name: keyof DiskCachePage, ...args: string[]) =>
      page.evaluate(`page.${name}(${args.map((arg) => JSON.stringify(arg))})`) as Promise<string>
    const read = await call('readAll', TOKEN, 'marker-written')
    for (const marker of MARKERS.filter((marker) => marker !== 'marker-in-data')) expect(read).toContain(marker)
    expect(await call('readCarelessly')).toContain(CONTROL)
    await context.close()

    for (const text of [...MARKERS, TOKEN]) expect({ text, files: filesWith(profile.folder, text) }).toEqual({ text, files: [] })
    // The control shows that what is fetched without the library is found.
    expect(filesWith(profile.folder, CONTROL)).not.toEqual([])
  } finally {
    await site.close()
  }
})
