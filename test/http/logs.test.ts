import { describe, expect, it } from 'vitest'
import { KubeClient } from '../../src/http/client'
import type { LogOptions } from '../../src/http/logs'
import { Pod } from '../../src/resources/core/v1'
import { FakeApiServer, VirtualClock } from '../../src/testing'
import { readInBackground } from '../support/logs.ts'
import { endlessBody, serve, status } from './server'

const web = { namespace: 'shop', name: 'web-1', container: 'web' }

function setUp() {
  const clock = new VirtualClock()
  const server = new FakeApiServer({ clock })
  const client = new KubeClient({ baseUrl: 'http://kube.test', fetch: server.fetch })
  server.create(Pod, { metadata: { name: web.name, namespace: web.namespace }, spec: { containers: [{ name: 'web' }] } })
  const asked = () => server.requests.map(({ url }) => Object.fromEntries(new URL(url).searchParams))
  const read = async (options: Partial<LogOptions> = {}) => collect(client.logs({ ...web, clock, ...options }))
  return { clock, server, client, asked, read }
}

/** Follows a log in the background. */
function follow({ client, clock }: Pick<ReturnType<typeof setUp>, 'client' | 'clock'>, options: Partial<LogOptions> = {}) {
  return readInBackground(client.logs({ ...web, clock, follow: 'run', ...options }))
}

describe('a log', () => {
  it('a log is delivered line by line, including blank lines, carriage returns and an unfinished last line', async () => {
    const { client } = serve(() => new Response('a\n\n  b\r\nwith ü, \u2028 and no end'))
    expect(await collect(client().logs(web))).toEqual(['a', '', '  b\r', 'with ü, \u2028 and no end'])
  })

  it('a log is the same however its bytes are cut', async () => {
    const bytes = new TextEncoder().encode('eins ü\n\nzwei\n')
    const { client } = serve(
      () =>
        new Response(
          new ReadableStream({
            start(controller) {
              for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
              controller.close()
            },
          }),
        ),
    )
    expect(await collect(client().logs(web))).toEqual(['eins ü', '', 'zwei'])
  })

  it('a log is requested with options named as on the wire', async () => {
    const { client, requests } = serve(() => new Response(''))
    const options = { tailLines: 5, sinceSeconds: 9, limitBytes: 100, previous: true, timestamps: true }
    await collect(client().logs({ ...web, ...options }))
    const { pathname, searchParams } = new URL(requests[0]?.url ?? '')
    expect(pathname).toBe('/api/v1/namespaces/shop/pods/web-1/log')
    expect(Object.fromEntries(searchParams)).toEqual({
      container: 'web',
      tailLines: '5',
      sinceSeconds: '9',
      limitBytes: '100',
      previous: 'true',
      timestamps: 'true',
    })
  })

  it('a log ends with its content, or after the given lines, bytes or seconds', async () => {
    const { clock, server, read } = setUp()
    server.logs.append(web, ['a', 'b'])
    await clock.advance(10_000)
    server.logs.append(web, ['c'])
    expect(await read()).toEqual(['a', 'b', 'c'])
    expect(await read({ tailLines: 2 })).toEqual(['b', 'c'])
    expect(await read({ tailLines: 0 })).toEqual([])
    expect(await read({ limitBytes: 3 })).toEqual(['a', 'b'])
    expect(await read({ sinceSeconds: 5 })).toEqual(['c'])
    expect(await read({ timestamps: true, tailLines: 1 })).toEqual(['2026-01-01T00:00:10.000000000Z c'])
  })

  it('the log of the previous run is another log', async () => {
    const { server, read } = setUp()
    server.logs.append(web, ['first'])
    server.logs.end(web)
    server.logs.append(web, ['second'])
    expect(await read({ previous: true })).toEqual(['first'])
    expect(await read()).toEqual(['second'])
  })

  it('a log is read no faster than the caller takes its lines', async () => {
    let pulled = 0
    const { client } = serve(
      () =>
        new Response(
          new ReadableStream(
            {
              pull(controller) {
                controller.enqueue(new TextEncoder().encode(`${pulled++}\n`))
              },
            },
            { highWaterMark: 0 },
          ),
        ),
    )
    const lines = client().logs(web)
    for (const expected of ['0', '1', '2']) expect((await lines.next()).value).toBe(expected)
    expect(pulled).toBe(3)
    await lines.return()
  })

  it.each([
    ['no such pod', { name: 'other' }, 404, 'pods "other" not found'],
    ['no such container', { container: 'other' }, 400, 'container other is not valid for pod web-1'],
  ])('a log of %s is an error, followed or not', async (_what, options, code, message) => {
    const { read } = setUp()
    for (const follow of [false, 'run'] as const)
      await expect(read({ follow, ...options })).rejects.toMatchObject({ status: code, message: expect.stringContaining(message) })
  })

  it('a log that is cut and not followed is a ConnectionError', async () => {
    const { client } = serve(() => {
      const pieces = ['a\n']
      return new Response(
        new ReadableStream({
          pull(controller) {
            const piece = pieces.shift()
            if (piece) controller.enqueue(new TextEncoder().encode(piece))
            else controller.error(new TypeError('terminated'))
          },
        }),
      )
    })
    await expect(collect(client().logs(web))).rejects.toMatchObject({ name: 'ConnectionError' })
  })

  it('a log refuses an invalid namespace or name', async () => {
    const { client, requests } = serve(() => new Response(''))
    await expect(collect(client().logs({ ...web, namespace: '' }))).rejects.toThrow('pods is namespaced')
    await expect(collect(client().logs({ ...web, name: '' }))).rejects.toThrow('pods: the name is empty')
    expect(requests).toEqual([])
  })

  it('a log with an endless line fails with an error that says so', async () => {
    const { client } = serve(() => new Response('x'.repeat(17 * 1024 * 1024)))
    await expect(collect(client().logs(web))).rejects.toThrow('a line is longer than 16777216 characters')
  })
})

describe('a log that is followed', () => {
  it('a followed log continues until the container ends', async () => {
    const world = setUp()
    world.server.logs.append(web, ['a'])
    const seen = follow(world)
    await world.clock.advance(60_000)
    world.server.logs.append(web, ['b', 'c'])
    await world.clock.advance(5_000)
    expect(seen).toEqual({ lines: ['a', 'b', 'c'], outcome: 'open' })
    world.server.logs.end(web)
    await world.clock.advance(0)
    expect(seen).toEqual({ lines: ['a', 'b', 'c'], outcome: 'ended' })
    expect(world.server.openRequests).toEqual([])
  })

  it('a followed log resumes after a cut without repeats, also of lines with one second or one time', async () => {
    const world = setUp()
    const seen = follow(world, { tailLines: 2 })
    world.server.logs.append(web, ['old', 'a', 'a'])
    await world.clock.advance(400)
    world.server.logs.append(web, ['b', 'b'])
    await world.clock.advance(100)
    world.server.disconnect()
    world.server.logs.append(web, ['c', 'c'])
    await world.clock.advance(60_000)
    world.server.logs.append(web, ['d'])
    await world.clock.settle()
    world.server.disconnect()
    await world.clock.advance(60_000)
    expect(seen).toEqual({ lines: ['a', 'a', 'b', 'b', 'c', 'c', 'd'], outcome: 'open' })
    expect(world.asked()).toEqual([
      { container: 'web', follow: 'true', tailLines: '2', timestamps: 'true' },
      { container: 'web', follow: 'true', timestamps: 'true', sinceTime: '2026-01-01T00:00:00Z' },
      { container: 'web', follow: 'true', timestamps: 'true', sinceTime: '2026-01-01T00:01:00Z' },
    ])
  })

  it('a followed log shows times only when they are requested', async () => {
    const world = setUp()
    world.server.logs.append(web, ['', 'a'])
    world.server.logs.end(web)
    expect(await world.read({ follow: 'run' })).toEqual(['', 'a'])
    const time = '2026-01-01T00:00:00.000000000Z'
    expect(await world.read({ follow: 'run', timestamps: true })).toEqual([`${time} `, `${time} a`])
  })

  it('a followed log continues after an end that followed silence, as when a proxy gives up', async () => {
    const clock = new VirtualClock()
    const bodies = [
      endingAfter(clock, '2026-01-01T00:00:00.5Z a\n', 60_000),
      endingAfter(clock, '2026-01-01T00:00:00.5Z a\n2026-01-01T00:02:00Z b\n', 0),
      '',
    ]
    const { client } = serve((_request, count) => new Response(bodies[count - 1]))
    const seen = follow({ client: client(), clock })
    await clock.advance(120_000)
    expect(seen).toEqual({ lines: ['a', 'b'], outcome: 'ended' })
  })

  it.each([
    ['within one second, in any order', ['00.2', '00.1', '00.3'], ['00.2', '00.1', '00.3', '00.3', '00.4'], ['00.3', '00.4']],
    ['after the old lines were rotated away', ['00.2', '00.3'], ['00.4', '01.0'], ['00.4', '01.0']],
    ['with an older line behind the last one', ['00.2', '00.1'], ['00.2', '00.1', '00.1'], ['00.1']],
  ])('a log that is followed knows which lines are new: %s', async (_what, before, after, fresh) => {
    const clock = new VirtualClock()
    const text = (seconds: readonly string[]) => seconds.map((second) => `2026-01-01T00:00:${second}Z ${second}\n`).join('')
    const bodies = [text(before), text(after), text(after)]
    const { client } = serve((_request, count) => new Response(bodies[count - 1] ?? ''))
    const seen = follow({ client: client(), clock })
    await clock.advance(60_000)
    expect(seen).toEqual({ lines: [...before, ...fresh], outcome: 'ended' })
  })

  it('a followed log compares times of different zones and precisions', async () => {
    const clock = new VirtualClock()
    const first = '2026-03-29T01:59:59.9+01:00 winter\n'
    const bodies = [first, `${first}2026-03-29T03:00:00.000000001+02:00 summer\n`, '2026-03-29T03:00:00.000000001+02:00 summer\n']
    const { client, requests } = serve((_request, count) => new Response(bodies[count - 1]))
    const seen = follow({ client: client(), clock })
    await clock.advance(60_000)
    expect(seen).toEqual({ lines: ['winter', 'summer'], outcome: 'ended' })
    expect(requests.map(({ url }) => new URL(url).searchParams.get('sinceTime'))).toEqual([
      null,
      '2026-03-29T00:59:59Z',
      '2026-03-29T01:00:00Z',
    ])
  })

  it('a followed log waits longer and longer while the server is away, and gives up after eight failures', async () => {
    const clock = new VirtualClock()
    const at: number[] = []
    const { client } = serve((_request, count) => {
      at.push(clock.now())
      return count === 1 ? new Response('2026-01-01T00:00:00Z a\n') : status(503, 'ServiceUnavailable')
    })
    const seen = follow({ client: client(), clock })
    await clock.advance(600_000)
    expect(at.slice(1).map((time, i) => time - (at[i] ?? 0))).toEqual([0, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
    expect(seen).toMatchObject({ lines: ['a'], outcome: { status: 503 } })
  })

  it.each([
    ['over when the pod has gone', 404, 'ended'],
    ['over when the next run has not begun', 400, 'ended'],
    ['an error when it may not be read any more', 403, expect.objectContaining({ status: 403 })],
  ])('a log that is followed is %s', async (_what, code, outcome) => {
    const clock = new VirtualClock()
    const { client } = serve((_request, count) => (count === 1 ? new Response('2026-01-01T00:00:00Z a\n') : status(code, 'x')))
    const seen = follow({ client: client(), clock })
    await clock.advance(1_000)
    expect(seen).toEqual({ lines: ['a'], outcome })
  })

  it('a followed log with limitBytes is requested once, unchanged', async () => {
    const world = setUp()
    world.server.logs.append(web, ['abc', 'def'])
    expect(await world.read({ follow: 'run', limitBytes: 5 })).toEqual(['abc', 'd'])
    expect(world.asked()).toEqual([{ container: 'web', follow: 'true', limitBytes: '5' }])
  })

  it('a followed log ends at once on abort, without an error: while it reads, while it waits, before it begins', async () => {
    const world = setUp()
    const controller = new AbortController()
    const seen = follow(world, { signal: controller.signal })
    world.server.logs.append(web, ['a'])
    await world.clock.settle()
    controller.abort()
    await world.clock.settle()
    expect(seen).toEqual({ lines: ['a'], outcome: 'ended' })
    expect(world.server.openRequests).toEqual([])
    expect(await world.read({ follow: 'run', signal: controller.signal })).toEqual([])

    const clock = new VirtualClock()
    const waiting = new AbortController()
    const { client } = serve((_request, count) => (count === 1 ? new Response('2026-01-01T00:00:00Z a\n') : status(503, 'x')))
    const other = follow({ client: client(), clock }, { signal: waiting.signal })
    await clock.advance(500)
    waiting.abort()
    await clock.settle()
    expect(other.outcome).toBe('ended')
    expect(clock.pending).toBe(0)
  })

  it('a followed log closes the connection when its loop is left', async () => {
    const { body, cancelled } = endlessBody(new TextEncoder().encode('2026-01-01T00:00:00Z a\n'))
    const { client } = serve(() => new Response(body))
    for await (const line of client().logs({ ...web, follow: 'run' })) {
      expect(line).toBe('a')
      break
    }
    await cancelled
  })
})

async function collect(lines: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = []
  for await (const line of lines) all.push(line)
  return all
}

/** A body that has a text, and ends after so long. */
function endingAfter(clock: VirtualClock, text: string, ms: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text))
      clock.setTimeout(() => controller.close(), ms)
    },
  })
}
