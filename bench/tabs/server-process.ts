// Serves the page of the tabs' tests beside a fake API server whose ConfigMaps of 5 kB change after GET /go. Prints its URL.
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { ConfigMap } from '../../src/resources/core/v1'
import { FakeApiServer, nodeListener } from '../../src/testing'
import { serveWatch } from './upgrades'

const TICK_MS = 10
const data = { text: 'x'.repeat(4_500) }

const { objects, rate, folder } = JSON.parse(process.argv[2] ?? '{}') as { objects: number; rate: number; folder: string }
const server = new FakeApiServer()
for (let n = 0; n < objects; n++) server.create(ConfigMap, { metadata: { name: `object-${n}`, namespace: 'shop' }, data })

function go(): void {
  const startedAt = performance.now()
  let changes = 0
  setInterval(() => {
    const due = ((performance.now() - startedAt) * rate) / 1_000
    for (; changes < due; changes++)
      server.update(ConfigMap, {
        metadata: { name: `object-${changes % objects}`, namespace: 'shop' },
        data: { ...data, change: String(changes) },
      })
  }, TICK_MS)
}

function answerApi(request: Request): Promise<Response> {
  const { pathname, search, origin } = new URL(request.url)
  return server.fetch(new Request(`${origin}${pathname.replace(/^\/k8s/, '')}${search}`, request))
}

const listener = nodeListener(async (request) => {
  const { pathname } = new URL(request.url)
  if (pathname.startsWith('/k8s/')) return answerApi(request)
  if (pathname === '/go') {
    go()
    return new Response()
  }
  const file = join(folder, pathname)
  if (pathname.endsWith('.js') && existsSync(file))
    return new Response(readFileSync(file), { headers: { 'content-type': 'text/javascript' } })
  const html = '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>'
  return new Response(html, { headers: { 'content-type': 'text/html' } })
})
const http = createServer(listener).on('upgrade', (request, socket) => void serveWatch(request, socket, answerApi))
http.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(http.address() as AddressInfo).port}`))
