// Tests for refused WebSocket handshakes, with and without a runtime that shows the response.

import { describe, expect, test } from 'vitest'
import { isApiError, isConnectionError } from '../../src/api/errors'
import { KubeClient, type KubeClientOptions } from '../../src/http/client'
import type { SocketRequest } from '../../src/socket/socket'
import { exec } from '../../src/streams/exec'
import { ServerSide } from './memory-socket'

const run = (client: KubeClient) => exec(client, { namespace: 'shop', name: 'web', command: ['cat', '/secret-path'] })
const failure = (client: KubeClient): Promise<Error> =>
  run(client).then(
    () => new Error('it was accepted'),
    (error: Error) => error,
  )

const status = (code: number, message: string, reason?: string) =>
  Response.json({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, message, ...(reason && { reason }) }, { status: code })
const upgradeRequired = () => status(400, 'Upgrade request required', 'BadRequest')
const forbidden = () => status(403, 'pods "web" is forbidden: ', 'Forbidden')

/** The answers to plain requests of the stream's URL, by method. */
type Plain = Partial<Record<'GET' | 'POST', () => Response>>

/** A client in a runtime that hides the response to a handshake, as a page does. */
function page(plain: Plain, options: KubeClientOptions = {}) {
  const asked: string[] = []
  const client = new KubeClient({
    baseUrl: 'http://kube.test',
    webSocket: async () => {
      throw new Error('the WebSocket handshake failed')
    },
    fetch: async (request) => {
      asked.push(request.method)
      return plain[request.method as 'GET' | 'POST']?.() ?? upgradeRequired()
    },
    ...options,
  })
  return { client, asked }
}

describe('where the runtime hides the response, plain requests tell why', () => {
  test.each([
    [404, 'pods "web" not found', 'NotFound'],
    [400, 'container none is not valid for pod web', 'BadRequest'],
  ])('a stream that is refused with %i is an ApiError with the message of the server', async (code, message, reason) => {
    const { client, asked } = page({ GET: () => status(code, message, reason) })
    const error = await failure(client)
    expect(isApiError(error) && [error.status, error.reason]).toEqual([code, reason])
    expect(error.message).toContain(message)
    expect(asked).toEqual(['GET'])
  })

  test.each(['GET', 'POST'] as const)('a 403 of a plain %s says that both rights are needed', async (method) => {
    const { client } = page({ [method]: forbidden })
    const error = await failure(client)
    expect(isApiError(error) && error.status).toBe(403)
    expect(error.message).toContain('(a stream needs the rights "get" and "create" on pods/exec)')
  })

  test('a 403 that is plain text names the option of kubectl proxy', async () => {
    const { client } = page({ GET: () => new Response('Forbidden', { status: 403 }) })
    expect((await failure(client)).message).toContain(
      "(kubectl proxy refuses exec and attach by default: start it with --reject-paths='^$')",
    )
  })

  test('a request that the server would accept blames what lies between', async () => {
    const { client, asked } = page({})
    const error = await failure(client)
    expect(isConnectionError(error) && error.message).toMatch(
      /the server would accept this, but something between passes no WebSockets \(.*the WebSocket handshake failed\)/,
    )
    expect(asked).toEqual(['GET', 'POST'])
  })

  test('a gateway that accepts no POST does not hide the reason', async () => {
    const { client } = page({ POST: () => new Response('only GET', { status: 405 }) })
    expect((await failure(client)).message).toContain('the server would accept this')
  })

  test('an answer of 200 blames what lies between', async () => {
    const { client } = page({ GET: () => new Response('<html>') })
    expect((await failure(client)).message).toContain('answered 200: something between passes no WebSockets')
  })

  test('a server that does not answer at all is a ConnectionError', async () => {
    const fetch = async () => {
      throw new TypeError('connect ECONNREFUSED')
    }
    const { client } = page({}, { fetch })
    const error = await failure(client)
    expect(isConnectionError(error) && error.message).toContain('no answer')
  })

  test('a refused token is replaced once, and the handshake repeated with the new one', async () => {
    const tokens = ['stale-token', 'fresh-token', 'unexpected']
    const opened: SocketRequest[] = []
    const client = new KubeClient({
      baseUrl: 'http://kube.test',
      token: () => tokens.shift(),
      webSocket: async (request) => {
        opened.push(request)
        if (request.headers.get('authorization') === 'Bearer fresh-token') return new ServerSide(request).socket
        throw new Error('the WebSocket handshake failed')
      },
      fetch: async ({ headers }) =>
        headers.get('authorization') === 'Bearer fresh-token' ? upgradeRequired() : status(401, 'Unauthorized', 'Unauthorized'),
    })
    await using _ = await run(client)
    expect(opened).toHaveLength(2)
    expect(tokens).toEqual(['unexpected'])
  })
})

describe('where the runtime shows the response', () => {
  /** A client whose handshakes get these answers, in order. */
  function shown(answers: readonly Response[], options: KubeClientOptions = {}) {
    const left = [...answers]
    const opened: SocketRequest[] = []
    const client = new KubeClient({
      baseUrl: 'http://kube.test',
      webSocket: async (request) => {
        opened.push(request)
        return left.shift() ?? new ServerSide(request).socket
      },
      fetch: async () => {
        throw new Error('no plain request is needed')
      },
      ...options,
    })
    return { client, opened }
  }

  test('a 401 makes the client ask for another token once', async () => {
    const tokens = ['stale-token', 'fresh-token', 'unexpected']
    const { client, opened } = shown([status(401, 'Unauthorized')], { token: () => tokens.shift() })
    await using _ = await run(client)
    expect(opened.map(({ headers }) => headers.get('authorization'))).toEqual(['Bearer stale-token', 'Bearer fresh-token'])
    expect(tokens).toEqual(['unexpected'])
  })

  test('a second 401 is the error', async () => {
    const tokens = ['stale-token', 'other-token']
    const { client, opened } = shown([status(401, 'Unauthorized'), status(401, 'Unauthorized')], { token: () => tokens.shift() })
    const error = await failure(client)
    expect(isApiError(error) && error.status).toBe(401)
    expect(opened).toHaveLength(2)
  })

  test('a redirect is refused', async () => {
    const { client } = shown([new Response(null, { status: 302, headers: { location: 'https://login.test/?code=hidden' } })])
    const error = await failure(client)
    expect(error.message).toContain('redirected to https://login.test/')
    expect(error.message).not.toContain('hidden')
  })

  test('an answer of 200 blames what lies between', async () => {
    const { client } = shown([new Response('<html>')])
    expect((await failure(client)).message).toContain('answered 200 instead of 101: something between passes no WebSockets')
  })
})

describe('no error contains a credential or an argument of the command', () => {
  const token = 'some-bearer-token'
  const subprotocol = `base64url.bearer.authorization.k8s.io.${btoa(token).replace(/=+$/, '')}`
  const secrets = [token, btoa(token).replace(/=+$/, ''), 'dXNlcjpwYXNz', 'secret-path']

  test.each([
    ['an error of the runtime', `cannot use Authorization: Bearer ${token}`],
    ['an error about the subprotocol', `The subprotocol '${subprotocol}' is invalid`],
    ['an error with another header', 'x-auth: dXNlcjpwYXNz'],
  ])('%s is cleaned', async (_, message) => {
    const { client } = page(
      {},
      {
        token,
        headers: { 'x-auth': 'dXNlcjpwYXNz' },
        webSocket: async () => {
          throw new Error(message)
        },
      },
    )
    const error = await failure(client)
    expect(isConnectionError(error)).toBe(true)
    for (const text of [String(error), String(error.cause), error.stack ?? ''])
      for (const secret of secrets) expect(text).not.toContain(secret)
  })

  test('a server that chooses the subprotocol of the token does not make the error quote it', async () => {
    const client = new KubeClient({
      baseUrl: 'http://kube.test',
      token,
      webSocket: async (request) => new ServerSide(request, { protocol: subprotocol }).socket,
    })
    const error = await failure(client)
    expect(error.message).toContain('the server chose the subprotocol "base64url.bearer.authorization.k8s.io.…"')
    for (const secret of secrets) expect(error.message).not.toContain(secret)
  })

  test('a refusal that echoes the request is cleaned', async () => {
    const client = new KubeClient({
      baseUrl: 'http://kube.test',
      token,
      webSocket: async () =>
        new Response(`Sec-WebSocket-Protocol: v5.channel.k8s.io, ${subprotocol}\nAuthorization: Bearer ${token}`, { status: 502 }),
    })
    const error = await failure(client)
    for (const secret of secrets) expect(String(error)).not.toContain(secret)
  })
})
