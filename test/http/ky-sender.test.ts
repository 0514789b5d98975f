import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ApiError } from '../../src/api/errors'
import { defineResource } from '../../src/api/resource'
import type { KubeClient } from '../../src/http/client'
import { MAX_RETRY_WAIT_MS } from '../../src/http/ky-sender'
import { KubeReader } from '../../src/http/reader'
import { ListWatch } from '../../src/source/list-watch'
import { tableListWatch } from '../../src/source/table'
import { deferred, endlessBody, serve, silent, status } from './server'

const Pod = defineResource({ version: 'v1', plural: 'pods', kind: 'Pod' })
const pod = { metadata: { name: 'web-1', namespace: 'n' } }
const list = () => ({ kind: 'PodList', metadata: { resourceVersion: '1' }, items: [] })
const get = (client: KubeClient, signal?: AbortSignal) => client.get(Pod, 'web-1', { namespace: 'n', signal })
const failureOf = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => expect.unreachable('the request must fail'),
    (error: Error) => error,
  )
const busy = (code: number, headers: Record<string, string> = {}) => {
  const { body, cancelled } = endlessBody()
  return { cancelled, response: new Response(body, { status: code, headers }) }
}

beforeAll(async () => {
  await import('../../src/http/ky-sender')
})
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  vi.spyOn(Math, 'random').mockReturnValue(1)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('the retry option of a KubeClient', () => {
  it.each([429, 500, 502, 503, 504])(
    'the retry option of a KubeClient repeats a read with status %i, and doubles the wait each time',
    async (code) => {
      const { client, requests } = serve((_, count) => (count < 3 ? status(code, 'Busy') : pod))
      const answer = get(client({ retry: 3 }))
      await vi.waitUntil(() => requests.length === 1, { interval: 0 })
      await vi.advanceTimersByTimeAsync(299)
      expect(requests).toHaveLength(1)
      await vi.advanceTimersByTimeAsync(1)
      expect(requests).toHaveLength(2)
      await vi.advanceTimersByTimeAsync(599)
      expect(requests).toHaveLength(2)
      await vi.advanceTimersByTimeAsync(1)
      expect(await answer).toMatchObject(pod)
      expect(requests).toHaveLength(3)
    },
  )

  it('the retry option of a KubeClient repeats a list without a response', async () => {
    const { client, requests } = serve((_, count) => (count === 1 ? Promise.reject(new TypeError('fetch failed')) : list()))
    const answer = client({ retry: 1 }).list(Pod)
    await vi.waitUntil(() => requests.length === 1, { interval: 0 })
    await vi.advanceTimersByTimeAsync(300)
    expect((await answer).items).toEqual([])
  })

  it.each([
    ['seconds', '7', 7_000],
    ['no wait at all', '0', 0],
    ['the longest wait that is accepted', String(MAX_RETRY_WAIT_MS / 1000), MAX_RETRY_WAIT_MS],
  ])('the retry option of a KubeClient waits as long as Retry-After says: %s', async (_, header, waitMs) => {
    const { client, requests } = serve((_request, count) => (count === 1 ? busy(429, { 'retry-after': header }).response : pod))
    const answer = get(client({ retry: 1 }))
    await vi.waitUntil(() => requests.length === 1, { interval: 0 })
    if (waitMs > 0) {
      await vi.advanceTimersByTimeAsync(waitMs - 1)
      expect(requests).toHaveLength(1)
    }
    await vi.advanceTimersByTimeAsync(1)
    expect(await answer).toMatchObject(pod)
  })

  it('the retry option of a KubeClient does not repeat where Retry-After exceeds 30 seconds; the error has the requested delay', async () => {
    const { client, requests } = serve(() => new Response('{}', { status: 503, headers: { 'retry-after': '31' } }))
    expect((await failureOf(get(client({ retry: 3 })))) as ApiError).toMatchObject({ status: 503, retryAfterMs: 31_000 })
    expect(requests).toHaveLength(1)
  })

  it('the retry option of a KubeClient gives the caller the last failure with its Status, and closes earlier responses', async () => {
    const { cancelled, response } = busy(503)
    const { client, requests } = serve((_, count) => (count === 1 ? response : status(503, 'ServiceUnavailable', 'etcd has no leader')))
    const failure = failureOf(get(client({ retry: 1 })))
    await vi.waitUntil(() => requests.length === 1, { interval: 0 })
    await vi.advanceTimersByTimeAsync(300)
    expect(await failure).toMatchObject({ status: 503, reason: 'ServiceUnavailable', message: expect.stringContaining('no leader') })
    await cancelled
    expect(requests).toHaveLength(2)
  })

  it.each([400, 403, 404, 409, 410, 422, 501])('the retry option of a KubeClient does not repeat a read with status %i', async (code) => {
    const { client, requests } = serve(() => status(code, 'No'))
    expect(await failureOf(get(client({ retry: 3 })))).toMatchObject({ status: code })
    expect(requests).toHaveLength(1)
  })

  it('the retry option of a KubeClient does not repeat a write', async () => {
    const { client, requests } = serve(() => status(503, 'Busy'))
    const it = client({ retry: 3 })
    await failureOf(it.create(Pod, pod))
    await failureOf(it.delete(Pod, 'web-1', { namespace: 'n' }))
    await failureOf(it.patch(Pod, 'web-1', { merge: {} }, { namespace: 'n' }))
    expect(requests.map(({ method }) => method)).toEqual(['POST', 'DELETE', 'PATCH'])
  })

  it('the retry option of a KubeClient does not repeat requests of a Reflector, watches or logs', async () => {
    const { client, requests } = serve(() => status(503, 'Busy'))
    const it = client({ retry: 3 })
    const source = new ListWatch(it, Pod)
    await failureOf(source.list({}))
    await failureOf(source.watch({})[Symbol.asyncIterator]().next() as Promise<unknown>)
    await failureOf(tableListWatch(it, Pod).list({}))
    await failureOf(it.watch(Pod).next())
    expect(requests).toHaveLength(4)
  })

  it('the retry option of a KubeClient repeats nothing by default', async () => {
    const { client, requests } = serve(() => status(503, 'Busy'))
    await failureOf(get(client({ hooks: {} })))
    expect(requests).toHaveLength(1)
  })

  it('the retry option of a KubeClient ends the wait at once when the signal is aborted', async () => {
    const { client, requests } = serve(() => status(503, 'Busy'))
    const controller = new AbortController()
    const failure = failureOf(get(client({ retry: 3 }), controller.signal))
    await vi.waitUntil(() => requests.length === 1, { interval: 0 })
    controller.abort(new Error('left the page'))
    expect((await failure).message).toBe('left the page')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(requests).toHaveLength(1)
  })

  it('the retry option of a KubeClient requests a new token after 401, also in a repeated read', async () => {
    const tokens = ['old', 'new']
    const { client, requests } = serve((request, count) => {
      if (count === 1) return status(503, 'Busy')
      return request.headers.get('authorization') === 'Bearer new' ? pod : status(401, 'Unauthorized')
    })
    const answer = get(client({ retry: 1, token: () => tokens.shift() }))
    await vi.waitUntil(() => requests.length === 1, { interval: 0 })
    await vi.advanceTimersByTimeAsync(300)
    expect(await answer).toMatchObject(pod)
    expect(requests.map(({ headers }) => headers.get('authorization'))).toEqual(['Bearer old', 'Bearer old', 'Bearer new'])
  })

  it.each([-1, 1.5, 11, Number.NaN, '3'])('the retry option of a KubeClient refuses %s', (retry) => {
    expect(() => serve(list).client({ retry: retry as number })).toThrow('KubeClient: retry must be an integer from 0 to 10')
  })
})

describe('the timeoutMs option of a KubeClient', () => {
  it('the timeoutMs option of a KubeClient fails a request without a timely response, does not repeat it, and aborts it', async () => {
    const { client, requests } = silent()
    const failure = failureOf(get(client({ timeoutMs: 5_000, retry: 2, token: 'secret-token' })))
    await vi.waitUntil(() => requests.length === 1, { interval: 0 })
    await vi.advanceTimersByTimeAsync(5_000)
    const { message, cause } = await failure
    expect(message).toContain('GET http://kube.test/api/v1/namespaces/n/pods/web-1')
    expect(message).toContain('no answer within 5000 ms')
    expect(cause).toMatchObject({ name: 'TimeoutError' })
    expect(requests[0]?.signal.aborted).toBe(true)
    expect(requests).toHaveLength(1)
  })

  it('the timeoutMs option of a KubeClient does not limit the time for the body', async () => {
    const { promise, resolve } = deferred<Uint8Array<ArrayBuffer>>()
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: async (controller) => {
        controller.enqueue(await promise)
        controller.close()
      },
    })
    const { client, requests } = serve(() => new Response(body))
    const answer = get(client({ timeoutMs: 5_000 }))
    await vi.waitUntil(() => requests.length === 1, { interval: 0 })
    await vi.advanceTimersByTimeAsync(60_000)
    resolve(new TextEncoder().encode(JSON.stringify(pod)))
    expect(await answer).toMatchObject(pod)
  })

  it('the timeoutMs option of a KubeClient does not limit requests of a Reflector', async () => {
    const { promise, resolve } = deferred<unknown>()
    const { client, requests } = serve(() => promise)
    const answer = new ListWatch(client({ timeoutMs: 5_000 }), Pod).list({})
    await vi.waitUntil(() => requests.length === 1, { interval: 0 })
    await vi.advanceTimersByTimeAsync(60_000)
    resolve(list())
    expect((await answer).resourceVersion).toBe('1')
  })

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31])('the timeoutMs option of a KubeClient refuses %s', (timeoutMs) => {
    expect(() => serve(list).client({ timeoutMs })).toThrow('KubeClient: timeoutMs must be more than 0')
  })
})

describe('a client that sends with ky', () => {
  const options = { hooks: {}, retry: 1, timeoutMs: 60_000, token: 'token-of-ann', headers: { 'x-api-key': 'key-of-the-gateway' } }

  it('a client that sends with ky stores nothing in an HTTP cache and follows no redirect', async () => {
    const { client, requests } = serve(() => new Response(null, { status: 302, headers: { location: 'http://login.test/' } }))
    expect((await failureOf(get(client(options)))).message).toContain('redirected to http://login.test/')
    expect(requests[0]).toMatchObject({ cache: 'no-store', redirect: 'manual' })
    expect(requests).toHaveLength(1)
  })

  it('a client that sends with ky removes the token and the headers from messages of the server and of fetch', async () => {
    for (const answer of [
      () => new Response('you sent token-of-ann and key-of-the-gateway', { status: 400 }),
      () => Promise.reject(new Error('cannot send token-of-ann and key-of-the-gateway')),
    ]) {
      const { client } = serve(answer)
      const { message, cause } = await failureOf(get(client(options)))
      expect(`${message} ${cause}`).not.toMatch(/token-of-ann|key-of-the-gateway/)
    }
  })

  it('a client that sends with ky calls hooks for every response, including those of repeated attempts', async () => {
    const { client, requests } = serve((_, count) => (count === 1 ? status(503, 'Busy') : pod))
    const seen: number[] = []
    const hooks = { afterResponse: [({ response }: { response: Response }) => void seen.push(response.status)] }
    const answer = get(client({ hooks, retry: 1 }))
    await vi.waitUntil(() => requests.length === 1, { interval: 0 })
    await vi.advanceTimersByTimeAsync(300)
    await answer
    expect(seen).toEqual([503, 200])
  })

  it('a client that sends with ky can work in a Worker unless it has hooks', () => {
    const { client } = serve(list)
    expect(client({ fetch: undefined, retry: 2, timeoutMs: 1_000 }).portable).toBeDefined()
    expect(client({ fetch: undefined, hooks: {} }).portable).toBeUndefined()
  })
})

it('a KubeReader refuses hooks, which it would not call', () => {
  const options = { baseUrl: 'http://kube.test', hooks: { beforeRequest: [] } }
  expect(() => new KubeReader(options)).toThrow('KubeReader: hooks need a KubeClient')
})
