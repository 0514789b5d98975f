import { describe, expect, it } from 'vitest'
import { createInformer, KubeClient, memoryPersister } from '../../src'
import { createInspector, type InspectorOptions } from '../../src/devtools'
import { createLive } from '../../src/live'
import { Pod, Secret } from '../../src/resources/core/v1'
import { FakeApiServer, VirtualClock } from '../../src/testing'
import { FakeBrowser } from '../tabs/fake-browser'

const pod = (name: string, phase = 'Pending'): Pod => ({ metadata: { name, namespace: 'shop' }, status: { phase } }) as Pod

/** Whether a request only checks something beside a watch. */
const isProbe = (query: URLSearchParams) => query.has('limit') || query.get('timeoutSeconds') === '1'

/** A page with an inspector, in virtual time. */
function startPage(options: InspectorOptions = {}) {
  const clock = new VirtualClock()
  const server = new FakeApiServer({ clock })
  let bytes = 0
  const counted = async (request: Request) => {
    const response = await server.fetch(request)
    const count = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        if (response.status === 200 && !isProbe(new URL(request.url).searchParams)) bytes += chunk.length
        controller.enqueue(chunk)
      },
    })
    return new Response(response.body?.pipeThrough(count), response)
  }
  const inspector = createInspector({ clock, fetch: counted, ...options })
  const client = new KubeClient({ baseUrl: 'http://kubernetes.test', fetch: inspector.fetch })
  const seams = { clock, onWake: () => () => {}, onError: () => {}, random: () => 0 }
  const live = createLive(client, { ...seams, inspector })
  return { clock, server, client, inspector, live, seams, bytes: () => bytes, feed: () => inspector.snapshot.feeds[0] }
}

describe('createInspector', () => {
  it("[bindings/24] counts what the server's log has: lists, watches, requests, reasons and bytes", async () => {
    const { clock, server, inspector, live, bytes, feed } = startPage()
    for (const name of ['a', 'b']) server.create(Pod, pod(name))
    live.list(Pod).subscribe(() => {})
    await clock.advance(100)
    server.update(Pod, pod('a', 'Running'))
    await clock.advance(100)
    server.disconnect()
    server.update(Pod, pod('b', 'Running'))
    server.compact()
    await clock.advance(20_000)
    server.create(Pod, pod('c'))
    await clock.advance(100)

    const urls = server.requests.map(({ url }) => new URL(url).searchParams)
    const isList = (query: URLSearchParams) => query.has('sendInitialEvents') || !query.has('watch')
    const counts = feed()?.counts
    expect(counts).toMatchObject({
      lists: urls.filter((query) => !isProbe(query) && isList(query)).length,
      watches: urls.filter((query) => !isProbe(query) && !isList(query)).length,
      relists: { expired: 1 },
      events: 2,
      parses: 0,
    })
    expect(counts?.bytes).toBe(bytes())
    expect(inspector.snapshot.requests).toMatchObject({ total: urls.length, failed: 0 })
    expect(feed()).toMatchObject({ name: 'pods', state: 'live', objects: 3, users: 2, source: 'stream' })
    await live.close()
  })

  it('explains what a feed does, in words', async () => {
    const { clock, server, inspector, live } = startPage()
    server.create(Pod, pod('a'))
    live.list(Pod).subscribe(() => {})
    await clock.advance(100)
    server.faults.add({ match: { verb: 'watch' }, times: 1, fault: { type: 'status', status: 403, reason: 'Forbidden', text: 'no' } })
    server.disconnect()
    await clock.advance(5_000)
    const lines = inspector.snapshot.log.map(({ text }) => text)
    expect(lines.slice(0, 4)).toEqual([
      'stream: the feed starts',
      'stream opened',
      expect.stringMatching(/^1 object at \d+ from a stream, \d+ ms, \d+ B$/),
      expect.stringMatching(/^synced from stream at \d+ after/),
    ])
    expect(lines.slice(4).map((text) => text.replace(/\d+(\.\d)? m?s/, 'a while'))).toEqual([
      'watch opened',
      'watch ended after a while: the connection failed',
      'GET http://kubernetes.test/api/v1/pods: no answer (terminated)',
      'waits a while: the connection failed',
      'watch from 4: the connection failed',
      'checks the history of the version',
      'watch ended after a while: the server denies access (403)',
      expect.stringMatching(/^GET http.*: 403: no$/),
      'waits a while: the server denies access (403)',
    ])
    await live.close()
  })

  it('[bindings/24] counts the objects that were parsed', async () => {
    const { clock, server, inspector, client, seams } = startPage()
    for (let i = 0; i < 10; i++) server.create(Pod, pod(`p${i}`))
    await using pods = createInformer(client, Pod, { ...seams, onEvent: inspector.tap('mine') })
    const stop = inspector.add('mine', pods)
    await clock.advance(100)
    const { parse } = JSON
    let parsed = 0
    JSON.parse = (...args) => {
      parsed++
      return parse(...args)
    }
    try {
      for (const entry of pods.indexer.list().slice(0, 7)) void entry.object
    } finally {
      JSON.parse = parse
    }
    expect([parsed, inspector.snapshot.feeds[0]?.counts.parses]).toEqual([7, 7])
    stop()
    for (const entry of pods.indexer.list()) void entry.object
    expect(inspector.snapshot.feeds[0]?.counts.parses).toBe(7)
  })

  it('keeps the last changes with their differences, and of Secrets no values', async () => {
    const { clock, server, inspector, live } = startPage()
    server.create(Pod, pod('a'))
    const secret = (password: string) => ({
      metadata: { name: 's', namespace: 'shop' },
      data: { password },
      stringData: { [`key-${password}`]: password },
    })
    server.create(Secret, secret('b2xk') as Secret)
    live.list(Pod).subscribe(() => {})
    live.list(Secret).subscribe(() => {})
    await clock.advance(100)
    server.update(Pod, pod('a', 'Running'))
    server.update(Secret, secret('bmV3') as Secret)
    server.delete(Pod, { name: 'a', namespace: 'shop' })
    await clock.advance(100)
    const { changes } = inspector.snapshot
    expect(changes.map(({ feed, type, key }) => `${feed}: ${type} ${key}`).sort()).toEqual([
      'pods: deleted shop/a',
      'pods: updated shop/a',
      'secrets: updated shop/s',
    ])
    const differencesOf = (feed: string) => changes.find((change) => change.feed === feed && change.type === 'updated')?.differences
    expect(differencesOf('pods')).toContainEqual({ path: 'status.phase', type: 'changed', before: 'Pending', after: 'Running' })
    expect(differencesOf('secrets')).toContainEqual({ path: 'data.password', type: 'changed', before: '…', after: '…' })
    const all = JSON.stringify([inspector.snapshot, inspector.report()])
    for (const value of ['b2xk', 'bmV3']) expect(all.replaceAll(/key-\w+/g, '')).not.toContain(value)
    await live.close()
  })

  it('reports figures, reasons and paths, and no values', async () => {
    const { clock, server, inspector, live } = startPage()
    server.create(Pod, pod('a', 'a-value'))
    live.list(Pod, { namespace: 'shop', labelSelector: '!none' }).subscribe(() => {})
    await clock.advance(100)
    server.update(Pod, pod('a', 'another-value'))
    await clock.advance(100)
    const report = inspector.report()
    const text = JSON.stringify(report)
    expect(text).not.toMatch(/a-value|another-value/)
    expect(report.changes[0]).toMatchObject({ feed: 'pods in shop, !none', key: 'shop/a', paths: expect.arrayContaining(['status.phase']) })
    expect(JSON.parse(text)).toEqual(report)
    await live.close()
  })

  it('[bindings/24] keeps as many lines, changes and requests as its bounds say', async () => {
    const { clock, server, inspector, live } = startPage({ maxEvents: 10, maxChanges: 5 })
    server.create(Pod, pod('a'))
    live.list(Pod).subscribe(() => {})
    await clock.advance(100)
    for (let i = 0; i < 30; i++) {
      server.update(Pod, pod('a', String(i)))
      server.disconnect()
      await clock.advance(5_000)
    }
    const { log, changes } = inspector.snapshot
    expect([log.length, changes.length]).toEqual([10, 5])
    expect(changes.at(-1)?.resourceVersion).toBe(server.get(Pod, { name: 'a', namespace: 'shop' })?.metadata.resourceVersion)
    await live.close()
    for (const bound of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => createInspector({ maxEvents: bound })).toThrow(`createInspector: maxEvents is a positive integer, got ${bound}`)
  })

  it('shows users and the end of the lingering, then that the feed has ended; a later one goes on with its figures', async () => {
    const { clock, server, live, feed } = startPage()
    server.create(Pod, pod('a'))
    const list = live.list(Pod)
    const stop = list.subscribe(() => {})
    await clock.advance(100)
    stop()
    expect(feed()).toMatchObject({ users: 0, endsAt: clock.now() + 30_000 })
    await clock.advance(31_000)
    expect(feed()?.state).toBe('stopped')
    list.subscribe(() => {})
    await clock.advance(100)
    expect(feed()).toMatchObject({ state: 'live', counts: { lists: 2 } })
    await live.close()
  })

  it('cuts the connection and restores it', async () => {
    const { clock, server, inspector, live, feed } = startPage()
    server.create(Pod, pod('a'))
    live.list(Pod).subscribe(() => {})
    await clock.advance(100)
    inspector.cut()
    await clock.advance(2_000)
    expect(feed()).toMatchObject({ isStale: true, error: expect.stringContaining('the devtools have cut the connection') })
    expect(inspector.snapshot.requests).toMatchObject({ isCut: true })
    server.update(Pod, pod('a', 'Running'))
    inspector.restore()
    await clock.advance(1_000)
    expect(feed()).toMatchObject({ state: 'live', isStale: false, error: undefined })
    await live.close()
  })

  it('shows commits of storage, and clears it', async () => {
    const persister = memoryPersister()
    const { clock, server, inspector, client, seams } = startPage({ persister })
    server.create(Pod, pod('a'))
    await using pods = createInformer(client, Pod, { ...seams, persist: { to: persister }, onEvent: inspector.tap('pods') })
    inspector.add('pods', pods)
    await clock.advance(1_000)
    expect(inspector.snapshot.feeds[0]).toMatchObject({ storage: 'active', counts: { loads: 1, commits: 1, puts: 1 } })
    await inspector.forget()
    server.update(Pod, pod('a', 'Running'))
    await clock.advance(1_000)
    expect(inspector.snapshot.feeds[0]?.storage).toBe('fenced')
    await inspector.measure('pods')
    expect(inspector.snapshot.feeds[0]?.characters).toBe(pods.indexer.list()[0]?.text.length)
  })

  it('notifies at most twice a second, and gives the same snapshot in between', async () => {
    const { clock, server, inspector, live } = startPage()
    server.create(Pod, pod('a'))
    live.list(Pod).subscribe(() => {})
    await clock.advance(1_000)
    let notified = 0
    const stop = inspector.subscribe(() => notified++)
    for (let i = 0; i < 100; i++) {
      server.update(Pod, pod('a', String(i)))
      await clock.advance(10)
      expect(inspector.snapshot).toBe(inspector.snapshot)
    }
    expect(notified).toBeGreaterThan(0)
    expect(notified).toBeLessThanOrEqual(2)
    stop()
    await live.close()
  })

  it('shows the part of a tab in sharing a feed, and when it has joined and lost owners', async () => {
    const browser = new FakeBrowser(['a'])
    const inspector = createInspector({ clock: browser.world.clock })
    const tab = browser.open()
    const informer = tab.inform({ onEvent: inspector.tap('configmaps') })
    inspector.add('configmaps', informer)
    const other = browser.open().inform()
    await browser.caughtUp(informer, other)
    const { feeds, log } = inspector.snapshot
    expect(feeds[0]?.tabs).toEqual({ role: 'shared', owner: 'owner-1', tabs: 2, upstream: 1, why: undefined })
    expect(log.filter(({ type }) => type === 'owner').map(({ text }) => text)).toEqual([
      expect.stringMatching(/^joined the owner owner-1 after /),
    ])
    await informer.close()
    await other.close()
  })
})
