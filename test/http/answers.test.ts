import { describe, expect, it } from 'vitest'
import { isApiError, isConnectionError, isExpiredError, isParseError } from '../../src/api/errors'
import { defineResource } from '../../src/api/resource'
import type { KubeClient } from '../../src/http/client'
import { serve, status } from './server'

const Pod = defineResource({ version: 'v1', plural: 'pods', kind: 'Pod' })

const pod = (name: string) => ({ metadata: { name, namespace: 'n' } })
const errorOf = (work: Promise<unknown>) =>
  work.then(
    () => expect.unreachable('it should have failed'),
    (error: unknown) => error,
  )

describe('an answer', () => {
  it('a response is the object as the server wrote it', async () => {
    const object = { ...pod('x'), creationTimestamp: '2026-01-01T00:00:00Z', unknown: { kept: [1] } }
    expect(
      await serve(() => object)
        .client()
        .get(Pod, 'x', { namespace: 'n' }),
    ).toEqual(object)
  })

  it('a list whose items Go wrote as null has no items', async () => {
    expect(
      (
        await serve(() => ({ metadata: {}, items: null }))
          .client()
          .list(Pod)
      ).items,
    ).toEqual([])
  })

  it.each([
    ['HTML', () => new Response('<html>log in</html>', { headers: { 'content-type': 'text/html' } }), '<html>log in</html>'],
    ['nothing', () => new Response(''), 'api/v1/pods'],
    ['cut off', () => new Response('{"metadata":{},"items":['), '"items":['],
    ['null', () => new Response('null'), 'null'],
    ['a string', () => new Response('"ok"'), '"ok"'],
    ['a single object', () => Response.json(pod('x')), 'api/v1/pods answered 200 application/json: the response is not a Kubernetes list'],
  ])('an answer with status 200 that is %s is a ParseError that quotes it', async (_what, answer, quoted) => {
    const { client } = serve(answer)
    for (const error of [await errorOf(client().list(Pod)), await errorOf(client().listEntries(Pod))]) expect(error).toSatisfy(isParseError)
    expect(String(await errorOf(client().list(Pod)))).toContain(quoted)
  })

  it('a response that breaks off is a ConnectionError', async () => {
    const broken = () =>
      new Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue(new TextEncoder().encode('{"metadata":{},"items":['))
            controller.error(new Error('reset by peer'))
          },
        }),
      )
    for (const read of [(client: KubeClient) => client.list(Pod), (client: KubeClient) => client.listEntries(Pod)]) {
      const error = await errorOf(read(serve(broken).client()))
      expect(error).toSatisfy(isConnectionError)
      expect(error).toMatchObject({ message: 'GET http://kube.test/api/v1/pods: no answer (reset by peer)' })
    }
  })

  it('a missing response is a ConnectionError that names the request and the cause', async () => {
    const error = await errorOf(
      serve(() => Promise.reject(new TypeError('fetch failed')))
        .client()
        .list(Pod, { limit: 1 }),
    )
    expect(error).toSatisfy(isConnectionError)
    expect(error).toMatchObject({
      message: 'GET http://kube.test/api/v1/pods?limit=1: no answer (fetch failed)',
      request: { method: 'GET', url: 'http://kube.test/api/v1/pods?limit=1' },
      cause: { message: 'fetch failed' },
    })
  })
})

describe('an error response', () => {
  it('an error response carries the server’s Status and names the request', async () => {
    const error = await errorOf(
      serve(() => status(404, 'NotFound', 'pods "x" not found'))
        .client()
        .get(Pod, 'x', { namespace: 'n' }),
    )
    expect(error).toSatisfy(isApiError)
    expect(error).toMatchObject({
      status: 404,
      reason: 'NotFound',
      body: { kind: 'Status', code: 404 },
      message: 'GET http://kube.test/api/v1/namespaces/n/pods/x: 404 NotFound: pods "x" not found',
      retryAfterMs: undefined,
    })
  })

  it('an error response with status 410 is an ExpiredError', async () => {
    expect(
      await errorOf(
        serve(() => status(410, 'Expired'))
          .client()
          .list(Pod),
      ),
    ).toSatisfy(isExpiredError)
  })

  it('an error response in plain text is quoted, at most 500 characters of it', async () => {
    const error = await errorOf(
      serve(() => new Response(`  apiserver is shutting down\n${'x'.repeat(1000)}`, { status: 429 }))
        .client()
        .list(Pod),
    )
    expect(error).toSatisfy((it) => isApiError(it) && it.reason === '' && it.body?.kind === undefined && it.body?.message?.length === 500)
    expect(String(error)).toContain('429: apiserver is shutting down')
  })

  it.each([
    ['nothing', null],
    ['JSON that is no Status', '{"error":"x"}'],
    ['JSON null', 'null'],
  ])('a refusal whose body is %s is still an ApiError', async (_what, body) => {
    expect(
      await errorOf(
        serve(() => new Response(body, { status: 502 }))
          .client()
          .list(Pod),
      ),
    ).toMatchObject({ status: 502, message: expect.stringContaining('502') })
  })

  it('an error response whose body breaks off is still an ApiError', async () => {
    const body = () => new ReadableStream({ start: (controller) => controller.error(new Error('reset')) })
    expect(
      await errorOf(
        serve(() => new Response(body(), { status: 503 }))
          .client()
          .list(Pod),
      ),
    ).toMatchObject({ status: 503, body: undefined })
  })

  it('an error response is never retried by default', async () => {
    const { client, requests } = serve(() => new Response('', { status: 503, headers: { 'retry-after': '0' } }))
    await errorOf(client().list(Pod))
    expect(requests).toHaveLength(1)
  })

  it.each([
    ['seconds', { 'retry-after': '3' }, undefined, 3000],
    ['no seconds', { 'retry-after': '0' }, undefined, 0],
    ['less than nothing', { 'retry-after': '-1' }, undefined, 0],
    ['a date that is past', { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' }, undefined, 0],
    ['the Status, when the header is hidden', undefined, { retryAfterSeconds: 7 }, 7000],
    ['the Status, when the header is nonsense', { 'retry-after': 'soon' }, { retryAfterSeconds: 7 }, 7000],
    ['the header before the Status', { 'retry-after': '1' }, { retryAfterSeconds: 7 }, 1000],
    ['nobody', undefined, undefined, undefined],
  ])('a refusal says how long to wait as told by %s', async (_who, headers, details, expected) => {
    const body = JSON.stringify({ kind: 'Status', code: 429, ...(details && { details }) })
    expect(
      await errorOf(
        serve(() => new Response(body, { status: 429, ...(headers && { headers }) }))
          .client()
          .list(Pod),
      ),
    ).toMatchObject({ retryAfterMs: expected })
  })

  it('an error response with a date in Retry-After says how long to wait', async () => {
    const date = new Date(Date.now() + 60_000).toUTCString()
    const error = await errorOf(
      serve(() => new Response('', { status: 503, headers: { 'retry-after': date } }))
        .client()
        .list(Pod),
    )
    expect(error).toSatisfy((it) => isApiError(it) && (it.retryAfterMs ?? 0) > 50_000 && (it.retryAfterMs ?? 0) <= 60_000)
  })
})
