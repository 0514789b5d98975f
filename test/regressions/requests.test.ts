import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { isApiError, isConnectionError } from '../../src/api/errors'
import type { KubeClientOptions } from '../../src/http/client'
import { KubeClient } from '../../src/http/client'
import { Pod, Secret } from '../../src/resources/core/v1'
import { VirtualClock } from '../../src/testing/virtual-clock'
import { endlessBody, serve, status } from '../http/server'

const TOKEN = 'hunter2-hunter2'
const shop = { namespace: 'shop' }

const errorOf = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => expect.unreachable('it should have failed'),
    (error: Error) => error,
  )

/** Whatever can be read of an error: names, messages, stacks, causes and fields. */
function everything(value: unknown, depth = 6): string {
  if (typeof value !== 'object' || value === null || depth === 0) return String(value)
  const fields = Object.getOwnPropertyNames(value).map((name) => (value as Record<string, unknown>)[name])
  return [
    value instanceof Error ? `${value.name} ${value.message} ${value.stack}` : '',
    ...fields.map((field) => everything(field, depth - 1)),
  ].join('\n')
}

/** Every kind of request that a client makes. */
const requests: readonly (readonly [name: string, ask: (client: KubeClient) => Promise<unknown>])[] = [
  ['get', (client) => client.get(Secret, 's', shop)],
  ['list', (client) => client.list(Secret)],
  ['listEntries', (client) => client.listEntries(Secret)],
  ['pages', (client) => client.pages(Secret).next()],
  ['watch', (client) => client.watch(Secret).next()],
  ['watchEntries', (client) => client.watchEntries(Secret).next()],
  ['logs', (client) => client.logs({ name: 'p', namespace: 'shop' }).next()],
  ['create', (client) => client.create(Secret, { metadata: { name: 's', namespace: 'shop' } })],
  ['replace', (client) => client.replace(Secret, { metadata: { name: 's', namespace: 'shop' } })],
  ['patch', (client) => client.patch(Secret, 's', { merge: {} }, shop)],
  ['apply', (client) => client.apply(Secret, { metadata: { name: 's', namespace: 'shop' } }, { fieldManager: 'm' })],
  ['delete', (client) => client.delete(Secret, 's', shop)],
  ['deleteCollection', (client) => client.deleteCollection(Secret, shop)],
  ['request', (client) => client.request({ path: 'version' })],
]

/** A server on a port of this machine. */
async function listen(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const seen: IncomingMessage[] = []
  const server = createServer((request, response) => {
    seen.push(request)
    request.resume()
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    seen,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

describe('what a server sends is not kept on disk', () => {
  it.each(requests)('%s forbids every HTTP cache to store the response', async (_name, ask) => {
    const server = serve(() => status(404, 'NotFound'))
    await errorOf(ask(server.client()))
    expect(server.requests.map(({ cache }) => cache)).toEqual(['no-store'])
  })

  it('the second attempt after a 401 forbids caches too', async () => {
    const server = serve((_request, count) => status(count === 1 ? 401 : 404, 'x'))
    const tokens = ['first', 'second']
    await errorOf(server.client({ token: () => tokens.shift() }).get(Pod, 'x', shop))
    expect(server.requests.map(({ cache }) => cache)).toEqual(['no-store', 'no-store'])
  })
})

describe('a redirect', () => {
  const options: KubeClientOptions = { token: TOKEN, impersonate: { user: 'ann' }, headers: { 'x-api-key': 'key-of-the-gateway' } }

  it.each(requests)('a redirect of %s is refused: nothing reaches the other origin, and the error names both URLs', async (_name, ask) => {
    for (const code of [301, 302, 303, 307, 308]) {
      await using other = await listen((_request, response) => void response.end('{"kind":"Secret","metadata":{"name":"s"}}'))
      await using cluster = await listen(
        (_request, response) => void response.writeHead(code, { location: `${other.url}/login?state=hidden#x` }).end(),
      )
      const error = await errorOf(ask(new KubeClient({ baseUrl: cluster.url, ...options })))
      expect(other.seen).toEqual([])
      expect(cluster.seen).toHaveLength(1)
      expect(error).toSatisfy((it) => isApiError(it) && it.status === code)
      expect(error.message).toMatch(
        new RegExp(`^\\w+ ${cluster.url}/\\S+: ${code}: redirected to ${other.url}/login, .*sign in again, or check baseUrl`),
      )
      expect(everything(error)).not.toContain('hidden')
    }
  })

  it.each(['/elsewhere', '//other.test/x', 'elsewhere', 'https://127.0.0.1/x', 'javascript:alert(1)', 'http://['])(
    'a redirect is refused wherever it leads: %s',
    async (location) => {
      await using cluster = await listen((_request, response) => void response.writeHead(302, { location }).end())
      const error = await errorOf(new KubeClient({ baseUrl: cluster.url, ...options }).list(Pod))
      expect(error.message).toContain(': 302: redirected')
      expect(cluster.seen).toHaveLength(1)
    },
  )

  it('a redirect that an injected fetch has followed is refused as well', async () => {
    await using other = await listen((_request, response) => void response.end('{"metadata":{},"items":[]}'))
    await using cluster = await listen((_request, response) => void response.writeHead(302, { location: `${other.url}/x` }).end())
    const follows = (request: Request) => fetch(new Request(request, { redirect: 'follow' }))
    const error = await errorOf(new KubeClient({ baseUrl: cluster.url, fetch: follows }).list(Pod))
    expect(error.message).toContain(`redirected to ${other.url}/x`)
  })

  it('a redirect in a browser, which hides its target, is refused with advice', async () => {
    const opaque = () => Object.defineProperties(Response.error(), { type: { value: 'opaqueredirect' } })
    const error = await errorOf(serve(opaque).client().list(Pod))
    expect(error).toMatchObject({
      status: 0,
      message: expect.stringMatching(/api\/v1\/pods: redirect: redirected, and redirects are refused.* sign in/),
    })
  })
})

describe('a token that no header can hold', () => {
  const broken = [
    `${TOKEN}\n`,
    `${TOKEN}\r\nX: y`,
    `${TOKEN}\0`,
    `\t${TOKEN}`,
    ` ${TOKEN}`,
    `${TOKEN} `,
    `${TOKEN}ключ`,
    `${TOKEN}\x01`,
    `${TOKEN}\x7f`,
  ]

  it.each(broken)('a token that no header can hold is refused when the client is made, and not quoted: %j', (token) => {
    let error: unknown
    try {
      new KubeClient({ baseUrl: 'http://kube.test', token })
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toMatch(/^KubeClient: the token /)
    expect(everything(error)).not.toContain('hunter2')
  })

  it.each([...broken, '', '  ', 7 as never, { token: TOKEN } as never])(
    'from a token function is refused before anything is sent: %j',
    async (token) => {
      const server = serve(() => ({ metadata: {}, items: [] }))
      const error = await errorOf(server.client({ token: () => token }).list(Pod))
      expect(error).toSatisfy(isConnectionError)
      expect(error.message).toContain('the token that the token function returned')
      expect(everything(error)).not.toContain('hunter2')
      expect(server.requests).toEqual([])
    },
  )

  it('a token function that returns null, as the storage of browsers does, sends no token', async () => {
    const server = serve(() => ({ metadata: {}, items: [] }))
    await server.client({ token: () => null as never }).list(Pod)
    expect(server.requests[0]?.headers.get('authorization')).toBeNull()
  })

  it.each(broken)('a token that no header can hold is refused among the headers too: %j', (value) => {
    const forms: HeadersInit[] = [{ 'x-key': value }, [['x-key', value]], new Map([['x-key', value]]) as never]
    for (const headers of forms) {
      let error: unknown
      try {
        new KubeClient({ baseUrl: 'http://kube.test', headers })
      } catch (thrown) {
        error = thrown
      }
      expect(error).toBeInstanceOf(TypeError)
      expect((error as Error).message).toMatch(/^KubeClient: the header x-key /)
      expect(everything(error)).not.toContain('hunter2')
    }
  })

  it('a token that no header can hold is refused in the headers of one request', async () => {
    const server = serve(() => ({}))
    const error = await errorOf(server.client().request({ path: 'x', headers: { 'x-key': `${TOKEN}\n` } }))
    expect(error).toBeInstanceOf(TypeError)
    expect(everything(error)).not.toContain('hunter2')
  })

  it('a token that no header can hold is not taken for the name of a header', () => {
    expect(() => new KubeClient({ baseUrl: 'http://kube.test', headers: { 'Authorization: hunter2': 'x' } })).toThrow(
      /^KubeClient: headers has a name/,
    )
  })
})

describe('a secret', () => {
  const options: KubeClientOptions = {
    token: TOKEN,
    headers: { 'x-gateway': 'gateway-hunter2', cookie: 'session=hunter2' },
    impersonate: { user: 'ann' },
  }

  it.each([
    ['as text', ([...lines]: Headers) => lines.map((line) => line.join(': ')).join('\n'), 'text/plain'],
    ['as JSON', (headers: Headers) => JSON.stringify({ headers: Object.fromEntries(headers) }), 'application/json'],
    [
      'as HTML',
      ([...lines]: Headers) => `<table>${lines.map(([name, value]) => `<tr><td>${name}</td><td>${value}</td></tr>`).join('')}`,
      'text/html',
    ],
    ['as a title', (headers: Headers) => `<title>no: ${headers.get('authorization')} ${headers.get('x-gateway')}</title>`, 'text/html'],
    [
      'in a Status',
      (headers: Headers) =>
        JSON.stringify({ kind: 'Status', code: 502, message: `sent ${[...headers]}`, details: { name: headers.get('x-gateway') } }),
      'application/json',
    ],
    ['behind much text', (headers: Headers) => `${'x'.repeat(490)}${headers.get('authorization')?.slice(7)}`, 'text/plain'],
  ])('a secret that a proxy repeats %s is not in the error', async (_how, page, contentType) => {
    const server = serve((request) => new Response(page(request.headers), { status: 502, headers: { 'content-type': contentType } }))
    const error = await errorOf(server.client(options).list(Pod))
    expect(error).toSatisfy((it) => isApiError(it) && it.status === 502)
    expect(everything(error)).not.toMatch(/hunter2|hunte…/)
  })

  it.each([
    ['message', (request: Request) => new TypeError(`cannot send ${[...request.headers]}`)],
    ['cause', (request: Request) => new TypeError('fetch failed', { cause: new Error(`sent "${request.headers.get('authorization')}"`) })],
    ['request', (request: Request) => Object.assign(new Error('failed'), { request })],
    [
      'configuration',
      (request: Request) => Object.assign(new Error('failed'), { config: { headers: Object.fromEntries(request.headers) } }),
    ],
    ['refusal of a header', () => new TypeError(`Headers.append: "Bearer ${TOKEN}\nx" is an invalid header value.`)],
  ])('a secret that the error of another library has in its %s is not passed on', async (_where, make) => {
    const error = await errorOf(
      serve((request) => Promise.reject(make(request)))
        .client(options)
        .list(Pod),
    )
    expect(error).toSatisfy(isConnectionError)
    expect(everything(error)).not.toContain('hunter2')
    expect(error.cause).not.toBeInstanceOf(Request)
  })

  it('a secret that ends in an answer which does not parse is not quoted', async () => {
    const cut = () =>
      new Response('{"kind":"Secret","metadata":{"name":"s"},"data":{"password":"aHVudGVyMg=="', {
        headers: { 'content-type': 'application/json' },
      })
    const error = await errorOf(serve(cut).client().get(Secret, 's', shop))
    expect(everything(error)).not.toContain('aHVudGVyMg')
    const broken = await errorOf(
      serve(() => new Response('{"data":{"p":"aHVu"x'))
        .client()
        .get(Secret, 's', shop),
    )
    expect(everything(broken)).not.toContain('aHVu')
  })
})

describe('an error page that is not from an API server', () => {
  it('an error page that is not from an API server is named with its content type, its final URL and the title of its page', async () => {
    const page = () => {
      const response = new Response('<html><title>\n Sign in to Acme </title><body>…', {
        status: 403,
        headers: { 'content-type': 'text/html; charset=utf-8' },
      })
      return Object.defineProperty(response, 'url', { value: 'http://login.test/page?state=hidden' })
    }
    const error = await errorOf(serve(page).client().list(Pod))
    expect(error).toMatchObject({
      message: 'GET http://kube.test/api/v1/pods: 403: Sign in to Acme (text/html from http://login.test/page)',
      contentType: 'text/html',
      finalUrl: 'http://login.test/page',
    })
  })
})

describe('an error page that never ends', () => {
  it.each([
    ['get', (client: KubeClient) => client.get(Pod, 'x', shop)],
    ['list', (client: KubeClient) => client.list(Pod)],
    ['watch', (client: KubeClient) => client.watch(Pod).next()],
  ])('an error page that never ends is read for 5 s at the most, and what arrived counts: %s', async (_name, ask) => {
    const clock = new VirtualClock()
    const { body, cancelled } = endlessBody(new TextEncoder().encode('the gateway is tired'))
    const asked = errorOf(ask(serve(() => new Response(body, { status: 503 })).client({ clock })))
    await clock.advance(4_999)
    expect(await Promise.race([asked, 'reads'])).toBe('reads')
    await clock.advance(1)
    expect(await asked).toMatchObject({ status: 503, message: expect.stringContaining('503: the gateway is tired') })
    await cancelled
  })

  it('an error page that never ends is read up to 64 KiB, however fast it comes', async () => {
    let given = 0
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        given += 16 * 1024
        controller.enqueue(new Uint8Array(16 * 1024).fill(120))
      },
    })
    const error = await errorOf(
      serve(() => new Response(body, { status: 500 }))
        .client()
        .list(Pod),
    )
    expect(error).toMatchObject({ status: 500 })
    expect(given).toBeLessThanOrEqual(128 * 1024)
  })
})

describe('a server that asks to wait', () => {
  it.each([
    ['99999999999999', undefined, 300_000],
    ['301', undefined, 300_000],
    ['300', undefined, 300_000],
    ['1.5', undefined, 1_500],
    ['-5', undefined, 0],
    ['Fri, 31 Dec 9999 23:59:59 GMT', undefined, 300_000],
    ['NaN', undefined, undefined],
    ['Infinity', undefined, undefined],
    ['1e999', undefined, undefined],
    ['', undefined, undefined],
    [undefined, 99_999_999_999_999, 300_000],
    [undefined, -1, 0],
    ['NaN', 7, 7_000],
  ])('a server that asks to wait is given 5 minutes at the most: header %j, Status %j', async (header, retryAfterSeconds, expected) => {
    const answer = () =>
      Response.json(
        { kind: 'Status', code: 429, details: { retryAfterSeconds } },
        { status: 429, ...(header !== undefined && { headers: { 'retry-after': header } }) },
      )
    expect(await errorOf(serve(answer).client().list(Pod))).toMatchObject({ retryAfterMs: expected })
  })
})
