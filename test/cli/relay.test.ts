import { createServer, type IncomingMessage, request } from 'node:http'
import { get as httpsGet } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { parseArgs } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import type { Host, ParseArgs } from '../../src/cli/host'
import type { RelayChoice } from '../../src/cli/relay'
import { run } from '../../src/cli/run'
import { serveRelay } from '../../src/cli/serve-relay'
import { ConfigMap } from '../../src/resources/core/v1'
import { FakeApiServer } from '../../src/testing'
import { createAuthority } from '../kubeconfig/certificates'
import { serve } from '../support/http'

const refuse = () => Promise.reject(new Error('not used here'))

async function runRelay(args: readonly string[]) {
  const result = { code: 0, stdout: [] as string[], stderr: '', choices: [] as RelayChoice[] }
  const host: Host = {
    args: ['relay', ...args],
    parseArgs: parseArgs as ParseArgs,
    version: refuse,
    readInput: refuse,
    readBelow: refuse,
    readFile: async () => undefined,
    writeBelow: refuse,
    print: (line) => result.stdout.push(line),
    complain: (line) => {
      result.stderr += `${line}\n`
    },
  }
  result.code = await run(host, refuse, refuse, async (choice) => {
    result.choices.push(choice)
    const url = `http://${choice.address}:${choice.port}`
    return { url, resources: choice.resources, upstream: choice.server ?? 'https://cluster', closed: Promise.resolve() }
  })
  return result
}

describe('kubeflect relay', () => {
  it('relay serves the named resources on port 8002 with the rights of its callers, and prints the URL and what it serves', async () => {
    const { code, stdout, stderr, choices } = await runRelay([
      '--resource',
      'pods',
      '--resource=deployments.apps',
      '--server=http://127.0.0.1:8001',
    ])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toEqual([
      'http://127.0.0.1:8002',
      'serves pods, deployments.apps from memory, and passes everything else on to http://127.0.0.1:8001',
    ])
    expect(choices).toMatchObject([{ resources: ['pods', 'deployments.apps'], address: '127.0.0.1', port: 8002, authorize: 'callers' }])
  })

  it('relay takes an address, a kubeconfig and the rights of everyone, which it warns about', async () => {
    const args = ['--resource=pods', '--listen=[::1]:0', '--kubeconfig=k.yaml', '--context=c', '--authorize=none', '--verbose']
    const { stderr, choices } = await runRelay(args)
    expect(choices).toMatchObject([
      { address: '::1', port: 0, kubeconfig: 'k.yaml', context: 'c', authorize: 'none', log: expect.any(Function) },
    ])
    expect(stderr).toContain('--authorize none')
  })

  it.each([
    [[], 'name at least one resource'],
    [['--resource=pods', '--listen=8002'], '--listen must be an address and a port'],
    [['--resource=pods', '--listen=127.0.0.1:70000'], '--listen must be an address and a port'],
    [['--resource=pods', '--server=ftp://a'], '--server must be a URL'],
    [['--resource=pods', '--server=http://a', '--context=c'], 'leave out --kubeconfig and --context'],
    [['--resource=pods', '--tls-cert-file=a.crt'], 'HTTPS needs both --tls-cert-file and --tls-private-key-file'],
    [['--resource=pods', '--tls-cert-file=a.crt', '--tls-private-key-file=a.key'], 'does not exist'],
    [['--resource=pods', '--authorize=all'], '--authorize takes only the value none'],
    [['pods'], 'Unexpected argument'],
  ])('relay refuses the arguments %j', async (args, message) => {
    const { code, stderr, choices } = await runRelay(args)
    expect([code, choices]).toEqual([2, []])
    expect(stderr).toContain(message)
    expect(stderr).toContain('Usage: kubeflect relay')
  })
})

describe('a relay on a port', () => {
  const closers: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close()
  })

  /** Starts a fake server and a relay in front of it. SIGTERM stops the relay. */
  async function start(more: Partial<RelayChoice> = {}) {
    const api = new FakeApiServer()
    api.create(ConfigMap, { metadata: { name: 'a', namespace: 'shop' } })
    const upstream = await serve(api.fetch)
    const log: string[] = []
    const relay = await serveRelay({
      resources: ['cm'],
      server: upstream.url,
      kubeconfig: undefined,
      context: undefined,
      address: '127.0.0.1',
      port: 0,
      tls: undefined,
      authorize: 'none',
      log: (line) => log.push(line),
      ...more,
    })
    closers.push(
      () => upstream.close(),
      async () => {
        process.emit('SIGTERM')
        await relay.closed
      },
    )
    return { api, relay, log, upstream }
  }

  it('a relay on a port answers lists and watches from memory, passes writes on, and has metrics', async () => {
    const { api, relay, log } = await start()
    expect(relay.resources).toEqual(['configmaps'])
    const path = `${relay.url}/api/v1/configmaps`
    const list = await (await fetch(path)).json()
    expect(list.items).toMatchObject([{ metadata: { name: 'a' } }])
    const watch = await fetch(`${path}?watch=1&resourceVersion=${list.metadata.resourceVersion}`)
    const reader = watch.body?.pipeThrough(new TextDecoderStream()).getReader()
    const body = JSON.stringify({ metadata: { name: 'b' } })
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body }
    const created = await fetch(`${relay.url}/api/v1/namespaces/shop/configmaps`, init)
    expect(created.status).toBe(201)
    expect(JSON.parse((await reader?.read())?.value ?? '')).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'b' } } })
    const metrics = await (await fetch(`${relay.url}/metrics`)).text()
    expect(metrics).toContain('kubeflect_relay_watchers{resource="configmaps"} 1')
    expect(metrics).toContain('kubeflect_relay_passed_total{reason="method",code="201"} 1')
    expect(log).toContain('POST passed on (method): 201')
    expect(log).toContain('stream of configmaps from the beginning (start)')
    expect(api.openRequests.filter(({ verb }) => verb === 'watch')).toHaveLength(1)
    await reader?.cancel()
  })

  it('a relay with a certificate serves HTTPS, over which kubectl sends its credential', async () => {
    const authority = createAuthority()
    const { relay } = await start({ tls: authority.server('127.0.0.1') })
    expect(relay.url).toMatch(/^https:/)
    const status = await new Promise((resolve, reject) => {
      httpsGet(`${relay.url}/api/v1/configmaps`, { ca: authority.cert, agent: false }, (response) =>
        resolve(response.resume().statusCode),
      ).on('error', reject)
    })
    expect(status).toBe(200)
    await expect(start({ tls: { cert: authority.cert, key: 'no key' } })).rejects.toThrow('both must be PEM')
  })

  it('a relay on a port of this machine refuses pages of other sites', async () => {
    const { relay } = await start()
    const response = await fetch(`${relay.url}/api/v1/configmaps`, { headers: { origin: 'https://elsewhere.test' } })
    expect(response.status).toBe(403)
  })

  it('a resource that the API server does not have is an error with the nearest names', async () => {
    await expect(start({ resources: ['configmap-s'] })).rejects.toThrow(
      '--resource configmap-s: the API server has no such resource; did you mean configmaps?',
    )
  })

  it('[relay/4] an upgrade is passed on over a connection of its own, and both sides can write', async () => {
    const seen: IncomingMessage[] = []
    const upstream = createServer((_, response) => response.writeHead(403, { 'content-type': 'text/plain' }).end('no exec here'))
    upstream.on('upgrade', (incoming: IncomingMessage, socket: Socket) => {
      seen.push(incoming)
      if (incoming.url?.includes('refused')) return void socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 12\r\n\r\nno exec here')
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: SPDY/3.1\r\nx-protocol: v4\r\n\r\n')
      socket.on('data', (data) => socket.write(`echo ${data}`))
      socket.on('end', () => socket.end())
    })
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
    closers.push(() => new Promise((resolve) => upstream.close(resolve)))
    const { upgradeListener } = await import('../../src/cli/upgrade')
    const { createRelay } = await import('../../src/relay')
    const baseUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
    const relay = createRelay({ client: { baseUrl, token: 'relay-token-123' }, resources: [], authorize: 'none' })
    const front = createServer().on('upgrade', upgradeListener(relay) as (incoming: IncomingMessage, socket: unknown, head: Buffer) => void)
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
    closers.push(() => new Promise((resolve) => front.close(resolve)))
    const { port } = front.address() as AddressInfo
    const headers = {
      connection: 'Upgrade',
      upgrade: 'SPDY/3.1',
      'x-stream-protocol-version': 'v4.channel.k8s.io',
      authorization: 'Bearer callers-own',
    }
    const echoed = await new Promise<string>((resolve, reject) => {
      request({ port, path: '/api/v1/namespaces/shop/pods/a/exec?command=sh', headers })
        .on('upgrade', (response, socket) => {
          expect([response.statusCode, response.headers['x-protocol']]).toEqual([101, 'v4'])
          socket.once('data', (data) => {
            resolve(String(data))
            socket.destroy()
          })
          socket.write('hello')
        })
        .on('error', reject)
        .end()
    })
    expect(echoed).toBe('echo hello')
    expect(seen[0]).toMatchObject({ url: '/api/v1/namespaces/shop/pods/a/exec?command=sh' })
    expect(seen[0]?.headers).toMatchObject({ authorization: 'Bearer relay-token-123', 'x-stream-protocol-version': 'v4.channel.k8s.io' })
    const refused = await new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
      request({ port, path: '/api/v1/refused', headers })
        .on('response', (response) => {
          let text = ''
          response.on('data', (data) => {
            text += data
          })
          response.on('end', () => resolve({ status: response.statusCode, text }))
        })
        .on('error', reject)
        .end()
    })
    expect(refused).toEqual({ status: 403, text: 'no exec here' })
    await relay.close()
  })
})
