import { beforeAll, describe, expect, it } from 'vitest'
import { KubeClient } from '../../src/http/client'
import type { LogOptions } from '../../src/http/logs'
import { Pod } from '../../src/resources/core/v1'
import { FakeApiServer, VirtualClock } from '../../src/testing'
import { serve, status } from '../http/server'
import { readInBackground } from '../support/logs.ts'

// What goes wrong with a log that is followed for hours, through proxies that cut it and containers that restart.

const web = { namespace: 'shop', name: 'web-1', container: 'web' }
// The code is loaded when it is needed, which no virtual clock waits for.
beforeAll(() => import('../../src/http/logs'))

const DATE = 'Thu, 01 Jan 2026 00:00:05 GMT'

/** Follows a log in the background. */
function follow(client: KubeClient, clock: VirtualClock, options: Partial<LogOptions> = {}) {
  return readInBackground(client.logs({ ...web, clock, follow: 'run', ...options }))
}

/** An answer that is cut after so long. */
function cutAfter(clock: VirtualClock, ms: number, text = '', headers: HeadersInit = { date: DATE }): Response {
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      if (text) controller.enqueue(new TextEncoder().encode(text))
      clock.setTimeout(() => controller.error(new TypeError('terminated')), ms)
    },
  })
  return new Response(body, { headers })
}

const queryOf = ({ url }: Request) => Object.fromEntries(new URL(url).searchParams)

function fakeCluster() {
  const clock = new VirtualClock()
  const server = new FakeApiServer({ clock })
  const client = new KubeClient({ baseUrl: 'http://kube.test', fetch: server.fetch })
  const pod = server.create(Pod, {
    metadata: { name: web.name, namespace: web.namespace },
    spec: { containers: [{ name: 'web', image: 'x' }] },
  })
  return { clock, server, client, pod }
}

describe('a followed log', () => {
  it.each([10_000, 60_000])('a followed log stays open although it is silent and cut every %d ms', async (ms) => {
    const clock = new VirtualClock()
    const { client, requests } = serve(() => cutAfter(clock, ms))
    const seen = follow(client(), clock)
    await clock.advance(20 * ms)
    expect(seen.outcome).toBe('open')
    expect(requests.length).toBe(21)
  })

  it('a followed log gives up after eight cuts in a row that came soon and brought nothing, and counts from zero after an attempt that stood', async () => {
    const clock = new VirtualClock()
    const { client, requests } = serve((_, count) => cutAfter(clock, count === 8 ? 10_000 : 10))
    const seen = follow(client(), clock)
    await clock.advance(600_000)
    expect(seen.outcome).toMatchObject({ name: 'ConnectionError' })
    expect(requests).toHaveLength(16)
  })

  it('a followed log never asks more than once a second when each answer brings a line and is cut', async () => {
    const clock = new VirtualClock()
    const { client, requests } = serve(() => cutAfter(clock, 0, `${new Date(clock.now()).toISOString()} line\n`))
    const seen = follow(client(), clock)
    await clock.advance(60_000)
    expect(seen.outcome).toBe('open')
    expect(requests.filter((request) => !queryOf(request).previous).length).toBeLessThan(10)
  })

  it('a followed log waits as long as the server asks, five minutes at most', async () => {
    const clock = new VirtualClock()
    const at: number[] = []
    const { client } = serve((_, count) => {
      at.push(clock.now())
      if (count === 1) return new Response('2026-01-01T00:00:00Z a\n')
      const seconds = count === 2 ? '7' : '99999999999999'
      return Response.json({ kind: 'Status', code: 429 }, { status: 429, headers: { 'retry-after': seconds } })
    })
    follow(client(), clock)
    await clock.advance(400_000)
    expect(at.map((time) => time - (at[0] ?? 0))).toEqual([0, 0, 7_000, 307_000])
  })

  it.each<[string, Partial<LogOptions>, object]>([
    ['no earlier lines', { tailLines: 0 }, { sinceTime: '2026-01-01T00:00:05Z' }],
    ['the last lines of an empty log', { tailLines: 9 }, { sinceTime: '2026-01-01T00:00:05Z' }],
    ['the last seconds', { sinceSeconds: 10 }, { sinceTime: '2025-12-31T23:59:55Z' }],
    ['the last lines of the last seconds', { sinceSeconds: 10, tailLines: 1 }, { sinceTime: '2025-12-31T23:59:55Z' }],
    ['no earlier lines, from a later time on', { tailLines: 0, sinceTime: '2026-01-01T00:01:00Z' }, { sinceTime: '2026-01-01T00:01:00Z' }],
    ['a time', { sinceTime: '2025-01-01T00:00:00Z' }, { sinceTime: '2025-01-01T00:00:00Z' }],
    ['everything', {}, {}],
  ])(
    'a followed log that was cut before its first line resumes at the start of the call, by the server’s clock: %s',
    async (_what, options, resumed) => {
      // The client's clock is a day ahead of the server's.
      const clock = new VirtualClock(Date.UTC(2026, 0, 2))
      const { client, requests } = serve(() => cutAfter(clock, 60_000))
      follow(client(), clock, options)
      await clock.advance(120_000)
      const fixed = { container: 'web', follow: 'true', timestamps: 'true' }
      for (const request of requests.slice(1)) expect(queryOf(request)).toEqual({ ...fixed, ...resumed })
      expect(requests).toHaveLength(3)
    },
  )

  it('a followed log counts the seconds of the call where the header Date cannot be read', async () => {
    const clock = new VirtualClock()
    const { client, requests } = serve(() => cutAfter(clock, 60_000, '', {}))
    follow(client(), clock, { tailLines: 0 })
    await clock.advance(120_000)
    expect(requests.map(queryOf).map(({ sinceSeconds, tailLines }) => [sinceSeconds, tailLines])).toEqual([
      [undefined, '0'],
      ['61', undefined],
      ['121', undefined],
    ])
  })

  it('a followed log asks for the last lines again when it was cut before they could arrive', async () => {
    const clock = new VirtualClock()
    const { client, requests } = serve((_, count) => cutAfter(clock, count === 1 ? 10 : 60_000))
    follow(client(), clock, { tailLines: 5 })
    await clock.advance(30_000)
    expect(requests.map((request) => queryOf(request).tailLines)).toEqual(['5', '5'])
  })

  it('a followed log delivers lines that were written while it was cut off, none twice, however many share a nanosecond', async () => {
    const clock = new VirtualClock()
    const at = (fraction: string, text: string) => `2026-01-01T00:00:00.${fraction}Z ${text}\n`
    const same = at('000000001', 'same')
    const { client } = serve((_, count) => {
      const texts = [same.repeat(3), same.repeat(5), same.repeat(5) + at('000000002', 'next')]
      return cutAfter(clock, 1_000, texts[Math.min(count, 3) - 1])
    })
    const seen = follow(client(), clock)
    await clock.advance(30_000)
    expect(seen).toEqual({ lines: [...Array(5).fill('same'), 'next'], outcome: 'open' })
  })

  it('a followed log does not repeat the rest of a long line whose beginning is older than the second at which it resumes', async () => {
    const clock = new VirtualClock()
    const { client } = serve((_, count) =>
      cutAfter(
        clock,
        1_000,
        count === 1 ? '2026-01-01T00:00:00.9Z begin end\n2026-01-01T00:00:01.2Z b\n' : 'end\n2026-01-01T00:00:01.2Z b\n',
      ),
    )
    const seen = follow(client(), clock)
    await clock.advance(10_000)
    expect(seen.lines).toEqual(['begin end', 'b'])
  })

  it.each(['2026-13-45T00:00:00Z x', '2026-01-01T00:00:00.1234567890123Z x', '2026-01-01T00:00:00 x', 'no time at all'])(
    'a followed log passes on what a container wrote whatever its time looks like: %s',
    async (line) => {
      const clock = new VirtualClock()
      const { client } = serve((_, count) => new Response(count === 1 ? line : ''))
      const seen = follow(client(), clock)
      await clock.advance(1_000)
      expect(seen).toEqual({ lines: [line.includes('.123') ? 'x' : line], outcome: 'ended' })
    },
  )

  it.each(['true', true, {}])('a followed log refuses %j, which does not say where it ends', async (value) => {
    const { client, requests } = serve(() => new Response(''))
    const lines = client().logs({ ...web, follow: value as 'run' })
    await expect(lines.next()).rejects.toThrow("logs: follow must be 'run' (ends with the container's run) or 'restarts', not")
    await expect(
      client()
        .logs({ ...web, follow: 'restarts', previous: true })
        .next(),
    ).rejects.toThrow(TypeError)
    expect(requests).toEqual([])
  })
})

describe('a followed log whose container restarts', () => {
  it('a followed log whose container restarts ends with the run', async () => {
    const { client, clock, server } = fakeCluster()
    server.logs.append(web, ['a'])
    const seen = follow(client, clock)
    await clock.advance(5_000)
    server.logs.end(web)
    await clock.advance(5_000)
    server.logs.append(web, ['next run'])
    await clock.advance(60_000)
    expect(seen).toEqual({ lines: ['a'], outcome: 'ended' })
  })

  it('a followed log whose container restarts delivers the last lines of its run, and none of the next, when both were written while it was cut off', async () => {
    const { client, clock, server } = fakeCluster()
    const seen = follow(client, clock)
    server.logs.append(web, ['a'])
    await clock.advance(20_000)
    server.disconnect()
    server.logs.append(web, ['b'])
    server.logs.end(web)
    await clock.advance(0)
    server.logs.append(web, ['next run'])
    await clock.advance(60_000)
    expect(seen).toEqual({ lines: ['a', 'b'], outcome: 'ended' })
    expect(server.openRequests).toEqual([])
  })

  it('a followed log whose container restarts continues with each next run, and loses no line between two', async () => {
    const { client, clock, server } = fakeCluster()
    const seen = follow(client, clock, { follow: 'restarts' })
    server.logs.append(web, ['a'])
    await clock.advance(20_000)
    server.disconnect()
    server.logs.append(web, ['b'])
    server.logs.end(web)
    server.logs.append(web, ['c'])
    await clock.advance(20_000)
    server.logs.end(web)
    await clock.advance(300_000)
    server.logs.append(web, ['d', 'd'])
    await clock.advance(5_000)
    expect(seen).toEqual({ lines: ['a', 'b', 'c', 'd', 'd'], outcome: 'open' })
  })

  it.each(['Succeeded', 'Failed'])('a followed log whose container restarts ends for good when its pod has %s', async (phase) => {
    const { client, clock, server, pod } = fakeCluster()
    const seen = follow(client, clock, { follow: 'restarts' })
    server.logs.append(web, ['a'])
    await clock.advance(20_000)
    server.logs.end(web)
    server.update(Pod, { ...pod, status: { phase } })
    await clock.advance(20_000)
    expect(seen).toEqual({ lines: ['a'], outcome: 'ended' })
  })

  it('a followed log whose container restarts ends when its pod is gone, while it waits for the next run too', async () => {
    const { client, clock, server } = fakeCluster()
    const seen = follow(client, clock, { follow: 'restarts' })
    server.logs.append(web, ['a'])
    await clock.advance(20_000)
    server.logs.end(web)
    await clock.advance(60_000)
    expect(seen.outcome).toBe('open')
    server.delete(Pod, { name: web.name, namespace: web.namespace })
    await clock.advance(10_000)
    expect(seen).toEqual({ lines: ['a'], outcome: 'ended' })
  })

  it('a followed log whose container restarts waits for a next run that has not begun, also where pods cannot be read, and stops at once on abort', async () => {
    const clock = new VirtualClock()
    const { client, requests } = serve(({ url }, count) => {
      if (!url.includes('/log')) return status(403, 'Forbidden')
      return count === 1 ? new Response('2026-01-01T00:00:00Z a\n') : status(400, 'BadRequest', 'waiting to start')
    })
    const controller = new AbortController()
    const seen = follow(client(), clock, { follow: 'restarts', signal: controller.signal })
    await clock.advance(600_000)
    expect(seen).toEqual({ lines: ['a'], outcome: 'open' })
    expect(requests.length).toBeLessThan(300)
    controller.abort()
    await clock.settle()
    expect(seen.outcome).toBe('ended')
    expect(clock.pending).toBe(0)
  })
})
