import { describe, expect, it, vi } from 'vitest'
import type { RequestOptions } from '../../src/api/options'
import { defineResource } from '../../src/api/resource'
import type { KubeClient } from '../../src/http/client'
import { utf8 } from '../codec/chunks'
import { deferred, endlessBody, type Server, serve, silent } from './server'

const Pod = defineResource({ version: 'v1', plural: 'pods', kind: 'Pod' })

const reason = new Error('the user left')
const line = (name: string) => `{"type":"ADDED","object":{"metadata":{"name":"${name}"}}}\n`

/** Every way to ask, as far as its first answer; a watch of objects ends without an error instead. */
const requests: Record<string, (client: KubeClient, options: RequestOptions) => Promise<unknown>> = {
  get: (client, options) => client.get(Pod, 'x', { namespace: 'n', ...options }),
  list: (client, options) => client.list(Pod, options),
  listEntries: (client, options) => client.listEntries(Pod, options),
  pages: (client, options) => client.pages(Pod, options).next(),
  watchEntries: (client, options) => drain(client.watchEntries(Pod, options)),
  request: (client, options) => client.request({ path: 'x', ...options }),
}
const everyRequest = Object.entries(requests)
const everyRead = everyRequest.filter(([name]) => name !== 'request')

async function drain(events: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of events);
}

/** Asks, aborts once `when` has come, and gives what the request did. */
async function abortWhen(when: Promise<unknown>, ask: (options: RequestOptions) => Promise<unknown>): Promise<unknown> {
  const controller = new AbortController()
  const outcome = ask({ signal: controller.signal }).then(
    () => 'resolved',
    (error: unknown) => error,
  )
  await when
  controller.abort(reason)
  return outcome
}

/** A server that gives one answer, and when it was asked. */
function asked(answer: (request: Request) => Promise<Response>): { server: Server; reached: Promise<void> } {
  const { promise: reached, resolve } = deferred()
  const server = serve((request) => {
    resolve()
    return answer(request)
  })
  return { server, reached }
}

describe('an abort', () => {
  it.each(everyRequest)('an abort before the request sends nothing and rejects with the reason: %s', async (_name, ask) => {
    const { client, requests } = silent()
    const token = vi.fn()
    await expect(ask(client({ token }), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(requests).toHaveLength(0)
    expect(token).not.toHaveBeenCalled()
  })

  it.each(everyRequest)(
    'an abort while the token is awaited rejects with the reason and sends nothing when the token arrives: %s',
    async (_name, ask) => {
      const { client, requests } = silent()
      const token = deferred<string>()
      const { promise: wanted, resolve } = deferred()
      const kube = client({
        token: () => {
          resolve()
          return token.promise
        },
      })
      expect(await abortWhen(wanted, (options) => ask(kube, options))).toBe(reason)
      token.resolve('t')
      await token.promise
      await Promise.resolve()
      expect(requests).toHaveLength(0)
    },
  )

  it.each(everyRequest)(
    'an abort before the headers rejects with the reason even if fetch ignores it, and closes a late response: %s',
    async (_name, ask) => {
      const answer = deferred<Response>()
      const { server, reached } = asked(() => answer.promise)
      expect(await abortWhen(reached, (options) => ask(server.client(), options))).toBe(reason)
      const { body, cancelled } = endlessBody()
      answer.resolve(new Response(body))
      await cancelled
    },
  )

  it.each(everyRequest)('an abort reaches a fetch that listens to its signal: %s', async (_name, ask) => {
    const { server, reached } = asked(
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason))
        }),
    )
    expect(await abortWhen(reached, (options) => ask(server.client(), options))).toBe(reason)
    expect(server.requests[0]?.signal.aborted).toBe(true)
  })

  it.each(everyRead)('an abort while the body is read rejects with the reason and closes the body: %s', async (_name, ask) => {
    const { body, cancelled } = endlessBody(utf8('{"metadata":{},"items":['))
    const first = deferred()
    expect(
      await abortWhen(first.promise, (options) =>
        ask(serve(() => new Response(body)).client(), { ...options, onBytes: () => first.resolve() }),
      ),
    ).toBe(reason)
    expect(await cancelled).toBe(reason)
  })

  it.each(everyRequest)(
    'an abort while the body of an error is read rejects with the reason and closes the body: %s',
    async (_name, ask) => {
      const { body, cancelled } = endlessBody()
      const reading = deferred()
      const refused = new Response(body, { status: 500 })
      const getReader = body.getReader.bind(body)
      body.getReader = ((...args: Parameters<typeof getReader>) => {
        reading.resolve()
        return getReader(...args)
      }) as typeof body.getReader
      Object.defineProperty(refused, 'body', { value: body })
      expect(await abortWhen(reading.promise, (options) => ask(serve(() => refused).client(), options))).toBe(reason)
      await cancelled
    },
  )

  it('an abort after the response is complete changes nothing', async () => {
    const controller = new AbortController()
    const list = await serve(() => ({ metadata: {}, items: [] }))
      .client()
      .listEntries(Pod, { signal: controller.signal })
    controller.abort(reason)
    expect(list.entries).toEqual([])
  })
})

describe('an abort of a watch of objects ends its loop without an error', () => {
  const watch = (client: KubeClient) => (options: RequestOptions) => drain(client.watch(Pod, options))

  it('an abort before a watch of objects begins ends its loop', async () => {
    expect(await watch(silent().client())({ signal: AbortSignal.abort(reason) })).toBeUndefined()
  })

  it('an abort before the headers ends the loop of a watch of objects', async () => {
    const { server, reached } = asked(() => new Promise(() => undefined))
    expect(await abortWhen(reached, watch(server.client()))).toBe('resolved')
  })

  it('an abort ends the loop of a silent watch of objects', async () => {
    const { body, cancelled } = endlessBody(utf8('\n'))
    const first = deferred()
    expect(
      await abortWhen(first.promise, (options) =>
        drain(
          serve(() => new Response(body))
            .client()
            .watch(Pod, { ...options, onBytes: () => first.resolve() }),
        ),
      ),
    ).toBe('resolved')
    await cancelled
  })

  it('an abort during a batch ends the loop without the rest of the batch', async () => {
    const controller = new AbortController()
    const { body, cancelled } = endlessBody(utf8(line('a') + line('b') + line('c')))
    const seen: unknown[] = []
    for await (const event of serve(() => new Response(body))
      .client()
      .watch(Pod, { signal: controller.signal })) {
      seen.push('metadata' in event.object ? event.object.metadata : undefined)
      controller.abort(reason)
    }
    expect(seen).toEqual([{ name: 'a' }])
    await cancelled
  })
})
