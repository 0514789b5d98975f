import { type IncomingHttpHeaders, request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { createServer, preview } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { playgroundConfig } from '../../playground/server/config.ts'
import { FakeCluster } from '../../playground/server/fake-cluster.ts'

/** What a server answered; no status: it closed the connection. */
interface Answer {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

const cluster = new FakeCluster({ pods: 3, changesPerSecond: 0 })
let port = 0
let closeAll = async () => {}

beforeAll(async () => {
  const config = playgroundConfig(cluster, { port: 0 })
  const cacheDir = fileURLToPath(new URL('../../node_modules/.vite/playground-guard', import.meta.url))
  const vite = await createServer({
    ...config,
    server: { ...config.server, watch: null },
    optimizeDeps: { noDiscovery: true, include: [] },
    cacheDir,
    configFile: false,
    logLevel: 'error',
  })
  await vite.listen()
  port = Number(new URL(vite.resolvedUrls?.local[0] ?? '').port)
  closeAll = () => vite.close()
}, 60_000)
afterAll(async () => {
  cluster[Symbol.dispose]()
  await closeAll()
})

const ask = (method: string, path: string, headers: Record<string, string> = {}, to = port): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: to, method, path, headers: { host: `127.0.0.1:${to}`, ...headers } })
    sent.on('response', (response) => {
      let text = ''
      response.on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }))
      response.on('error', reject)
    })
    sent.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve({ status: response.statusCode, headers: response.headers, text: '' })
    })
    sent.on('error', () => resolve({ status: undefined, headers: {}, text: '' }))
    sent.end()
  })

const own = () => `http://127.0.0.1:${port}`
const paths: readonly (readonly [string, string])[] = [
  ['GET', '/k8s/api/v1/secrets'],
  ['GET', '/'],
  ['GET', '/main.ts'],
  ['GET', '/@vite/client'],
  ['GET', '/playground/churn'],
  ['POST', '/playground/churn?perSecond=9'],
  ['OPTIONS', '/k8s/api/v1/secrets'],
]

describe('the server of the playground', () => {
  it.each(paths)(
    'the server of the playground refuses %s %s from a page of another origin, and lets no other origin read the answer',
    async (method, path) => {
      for (const origin of ['http://evil.example', 'http://localhost:3000', 'https://127.0.0.1', `https://127.0.0.1:${port}`, 'null']) {
        const { status, headers, text } = await ask(method, path, { origin })
        expect([origin, status]).toEqual([origin, 403])
        expect(text).toContain('only its own pages')
        expect(headers['access-control-allow-origin']).toBeUndefined()
      }
      expect(cluster.changesPerSecond).toBe(0)
    },
  )

  it.each(paths)(
    'the server of the playground refuses %s %s under a foreign name, as a page sends it that lets its own name point here',
    async (method, path) => {
      for (const host of ['evil.example', `evil.example:${port}`, `127.0.0.1.evil.example:${port}`, `127.0.0.1:${port + 1}`, '127.0.0.1']) {
        expect([host, (await ask(method, path, { host })).status]).toEqual([host, 403])
      }
      expect(cluster.changesPerSecond).toBe(0)
    },
  )

  it('the server of the playground refuses requests that the browser marks as coming from another site, but not a link that a user follows', async () => {
    for (const site of ['cross-site', 'same-site']) {
      expect((await ask('GET', '/k8s/api/v1/secrets', { 'sec-fetch-site': site })).status).toBe(403)
      const frame = { 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }
      expect((await ask('GET', '/', frame)).status).toBe(403)
      expect((await ask('GET', '/', { ...frame, 'sec-fetch-dest': 'document', accept: 'text/html' })).status).toBe(200)
      expect((await ask('POST', '/playground/cut', { ...frame, 'sec-fetch-dest': 'document' })).status).toBe(403)
    }
  })

  it('the server of the playground answers its own page and programs that send no Origin, on every name of this machine', async () => {
    expect((await ask('GET', '/k8s/api/v1/pods')).status).toBe(200)
    for (const name of ['127.0.0.1', 'localhost', '[::1]'])
      expect((await ask('GET', '/k8s/api/v1/pods', { host: `${name}:${port}`, origin: own() })).status).toBe(200)
    const page = { origin: own(), 'sec-fetch-site': 'same-origin' }
    expect((await ask('POST', '/playground/churn?perSecond=0', page)).status).toBe(200)
    expect((await ask('GET', '/', { accept: 'text/html' })).text).toContain('<main')
  })

  it('the server of the playground gives no other origin permission to read, not even to its own page', async () => {
    const { headers } = await ask('GET', '/k8s/api/v1/pods', { origin: own() })
    expect(headers['access-control-allow-origin']).toBeUndefined()
  })

  it("the server of the playground refuses the upgrade to Vite's socket from another origin or name, and accepts its own", async () => {
    const upgrade = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'sec-websocket-protocol': 'vite-ping',
    }
    expect((await ask('GET', '/', { ...upgrade, origin: 'http://evil.example' })).status).not.toBe(101)
    expect((await ask('GET', '/', { ...upgrade, origin: 'null' })).status).not.toBe(101)
    expect((await ask('GET', '/', { ...upgrade, host: 'evil.example', origin: 'http://evil.example' })).status).not.toBe(101)
    expect((await ask('GET', '/', { ...upgrade, 'sec-fetch-site': 'cross-site' })).status).not.toBe(101)
    expect((await ask('GET', '/', { ...upgrade, origin: own() })).status).toBe(101)
  })

  it('the server of the playground refuses the same when the built page is previewed', async () => {
    const config = playgroundConfig(cluster, { port: 0 })
    const site = await preview({ ...config, build: { outDir: 'server' }, configFile: false, logLevel: 'error' })
    const to = Number(new URL(site.resolvedUrls?.local[0] ?? '').port)
    expect((await ask('GET', '/cluster.ts', { origin: 'http://evil.example' }, to)).status).toBe(403)
    expect((await ask('GET', '/cluster.ts', {}, to)).status).toBe(200)
    await site.close()
  })
})
