import { describe, expect, it, vi } from 'vitest'
import { isApiError, isConnectionError, isExpiredError, isParseError, isWatchError } from '../../src/api/errors'
import type { KubeObject } from '../../src/api/object'
import { defineResource } from '../../src/api/resource'
import type { WatchEntry, WatchEvent } from '../../src/codec/wire'
import { bodyOf, utf8 } from '../codec/chunks'
import { endlessBody, serve, status } from './server'

const Pod = defineResource({ version: 'v1', plural: 'pods', kind: 'Pod' })

const event = (name: string, type = 'ADDED') => `{"type":"${type}","object":{"metadata":{"name":"${name}"}}}`
const answering = (...chunks: (string | Error)[]) =>
  serve(() => new Response(bodyOf(chunks.map((chunk) => (typeof chunk === 'string' ? utf8(chunk) : chunk)))))

const nameOf = (event: WatchEntry<KubeObject>) => ('entry' in event ? event.entry.name : event.type)

/** The names in each batch, and how the watch ended. */
async function read(batches: AsyncIterable<readonly WatchEntry<KubeObject>[]>): Promise<{ batches: string[][]; error: unknown }> {
  const seen: string[][] = []
  try {
    for await (const batch of batches) seen.push(batch.map(nameOf))
  } catch (error) {
    return { batches: seen, error }
  }
  return { batches: seen, error: undefined }
}

const watched = (...chunks: (string | Error)[]) =>
  read(
    answering(...chunks)
      .client()
      .watchEntries(Pod),
  )

describe('a watch of entries', () => {
  it('a watch of entries requests a watch with the options that are set', async () => {
    const { client, requests } = answering()
    await read(
      client().watchEntries(Pod, {
        namespace: 'n',
        resourceVersion: '7',
        allowWatchBookmarks: true,
        timeoutSeconds: 300,
        labelSelector: '',
        managedFields: 'drop',
      }),
    )
    const url = new URL(requests[0]?.url ?? '')
    expect(url.pathname).toBe('/api/v1/namespaces/n/pods')
    expect(Object.fromEntries(url.searchParams)).toEqual({
      resourceVersion: '7',
      allowWatchBookmarks: 'true',
      timeoutSeconds: '300',
      watch: 'true',
    })
  })

  it('a watch of entries yields an empty batch when the server has accepted it, then one for each chunk', async () => {
    expect(await watched(`${event('a')}\n${event('b')}\n${event('c').slice(0, 20)}`, `${event('c').slice(20)}\n`)).toEqual({
      batches: [[], ['a', 'b'], ['c']],
      error: undefined,
    })
  })

  it('a watch of entries adds the kind to objects that lack it, and drops managedFields unless they are requested', async () => {
    const line = '{"type":"ADDED","object":{"metadata":{"name":"a","managedFields":[]}}}\n'
    const texts = async (managedFields?: 'keep') => {
      const found: string[] = []
      for await (const batch of answering(line).client().watchEntries(Pod, { managedFields }))
        for (const it of batch) if ('entry' in it) found.push(it.entry.text)
      return found
    }
    expect(await texts()).toEqual(['{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"}}'])
    expect(await texts('keep')).toEqual(['{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","managedFields":[]}}'])
  })

  it('a watch of entries reports the number of bytes that arrived', async () => {
    const onBytes = vi.fn()
    await read(answering('\n', 'ü\n').client().watchEntries(Pod, { onBytes }))
    expect(onBytes.mock.calls).toEqual([[1], [3]])
  })

  describe('at its end', () => {
    it.each([
      ['an event without its line end', [event('a')], ['a']],
      ['several of them', [`${event('a')}${event('b')} ${event('c')}`], ['a', 'b', 'c']],
      ['one, and the beginning of another', [`${event('a')}${event('b').slice(0, -1)}`], ['a']],
      ['one cut off in a string', [event('a').slice(0, 12)], []],
      ['one cut off behind white space', [`  ${event('a').slice(0, -2)}`], []],
      ['one cut off in a character', ['{"type":"ADDED","object":{"metadata":{"name":"ü'], []],
      ['white space', [' \r'], []],
    ])('at its end takes %s and drops what was cut off', async (_what, chunks, expected) => {
      const { batches, error } = await watched(...chunks)
      expect(batches.flat()).toEqual(expected)
      expect(error).toBeUndefined()
    })

    it.each([
      ['HTML', '<html>Bad gateway</html>', isParseError],
      ['plain text', 'upstream connect error', isParseError],
      ['an unknown event', '{"type":"X","object":{"metadata":{"name":"a"}}}', isWatchError],
    ])('at its end does not swallow %s without a line end', async (_what, text, is) => {
      const { batches, error } = await watched(`${event('a')}\n`, `${event('b')}${text}`)
      expect(batches.flat()).toEqual(['a', 'b'])
      expect(error).toSatisfy(is)
    })
  })

  it.each([
    ['is no JSON', 'nonsense', isParseError],
    ['is of an unknown type', '{"type":"X","object":{"metadata":{"name":"x"}}}', isWatchError],
  ])('a watch of entries ends at an event that %s, after the events before it in the same chunk', async (_what, line, is) => {
    const { batches, error } = await watched(`${event('a')}\n${line}\n${event('b')}\n`)
    expect(batches.flat()).toEqual(['a'])
    expect(error).toSatisfy(is)
  })

  it('a watch ends at an event longer than the maximum, after the events before it', async () => {
    const { batches, error } = await read(
      answering(`${event('a')}\n${event('b'.repeat(100))}\n`)
        .client()
        .watchEntries(Pod, { maxLineLength: 100 }),
    )
    expect(batches.flat()).toEqual(['a'])
    expect(error).toSatisfy((it) => isWatchError(it) && it.message.includes('maxLineLength (100 bytes)'))
  })

  it('a watch of entries that breaks off is a ConnectionError, after the whole events', async () => {
    const { batches, error } = await watched(`${event('a')}\n${event('b')}`, new Error('reset by peer'))
    expect(batches.flat()).toEqual(['a'])
    expect(error).toSatisfy((it) => isConnectionError(it) && it.message === 'GET http://kube.test/api/v1/pods: no answer (reset by peer)')
  })

  it.each([
    [410, 'Expired', isExpiredError],
    [403, 'Forbidden', isApiError],
  ])('a watch of entries that is refused with %i is the error of that answer', async (code, reason, is) => {
    const { batches, error } = await read(
      serve(() => status(code, reason))
        .client()
        .watchEntries(Pod),
    )
    expect(batches).toEqual([])
    expect(error).toSatisfy(is)
  })

  it.each([
    ['before any event', 0],
    ['after an event', 1],
  ])('a watch of entries closes the connection when its loop is left %s', async (_when, after) => {
    const { body, cancelled } = endlessBody(utf8(`${event('a')}\n`))
    let batches = 0
    for await (const _batch of serve(() => new Response(body))
      .client()
      .watchEntries(Pod))
      if (batches++ === after) break
    await cancelled
  })

  it('a watch closes the connection when it ends at an invalid event', async () => {
    const { body, cancelled } = endlessBody(utf8('nonsense\n'))
    await read(
      serve(() => new Response(body))
        .client()
        .watchEntries(Pod),
    )
    await cancelled
  })

  it('a watch can be left at once even if the connection does not close', async () => {
    const stuck = new ReadableStream({ cancel: () => new Promise(() => undefined) })
    for await (const _batch of serve(() => new Response(stuck))
      .client()
      .watchEntries(Pod))
      break
  })
})

describe('a watch of objects', () => {
  const collect = async (events: AsyncIterable<WatchEvent<KubeObject>>) => {
    const all: WatchEvent<KubeObject>[] = []
    for await (const it of events) all.push(it)
    return all
  }

  it('a watch of objects yields events one by one, as the server sent them, including managedFields', async () => {
    const gone = { kind: 'Status', code: 410, reason: 'Expired' }
    const lines = [
      { type: 'ADDED', object: { kind: 'Pod', metadata: { name: 'a', managedFields: [] }, x: 1 } },
      { type: 'BOOKMARK', object: { metadata: { resourceVersion: '5' } } },
      { type: 'BOOKMARK', object: { metadata: { resourceVersion: '6', annotations: { 'k8s.io/initial-events-end': 'true' } } } },
      { type: 'DELETED', object: { kind: 'Pod', metadata: { name: 'a' } } },
      { type: 'ERROR', object: gone },
    ]
    expect(
      await collect(
        answering(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
          .client()
          .watch(Pod),
      ),
    ).toEqual(lines)
  })

  it('a watch of objects ends when the server ends it', async () => {
    expect(await collect(answering().client().watch(Pod))).toEqual([])
  })

  it('a watch of objects fails at an object that does not parse, after the ones before it', async () => {
    const events = answering(`${event('a')}\n{"type":"ADDED","object":{"metadata":{"name":"b"},"x":tru}}\n`)
      .client()
      .watch(Pod)
    expect((await events.next()).value).toMatchObject({ object: { metadata: { name: 'a' } } })
    await expect(events.next()).rejects.toSatisfy(isParseError)
  })

  it('a watch of objects closes the connection when its loop is left', async () => {
    const { body, cancelled } = endlessBody(utf8(`${event('a')}\n${event('b')}\n`))
    for await (const _event of serve(() => new Response(body))
      .client()
      .watch(Pod))
      break
    await cancelled
  })
})
