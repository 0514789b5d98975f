import { expect, test } from 'vitest'
import { INITIAL_EVENTS_END } from '../../src/codec/wire'
import { describeCluster } from './suite.ts'
import { getDirectly, holdRequest, type ListOrStatus, Playground, readDirectly, WatchStream } from './wire.ts'

// Facts about API servers that the library relies on. A release of Kubernetes that behaves differently fails here first.

describeCluster('the API server', (cluster) => {
  test('a list at a future version waits 3 s, then answers 504 with a cause and Retry-After', async () => {
    const playground = await Playground.create(cluster(), 'future-list')
    const started = performance.now()
    const { status, headers, body } = await playground.list({ resourceVersion: await beyond(playground, 1_000_000) })
    expect(performance.now() - started).toBeGreaterThan(2_500)
    expect(status).toBe(504)
    expect(headers.get('retry-after')).toBe('1')
    expect(body).toMatchObject({
      code: 504,
      reason: 'Timeout',
      details: { retryAfterSeconds: 1, causes: [{ reason: 'ResourceVersionTooLarge' }] },
    })
    expect(body.message).toContain('Too large resource version')
  })

  test('a watch from a future version is accepted, and drops everything up to it', async () => {
    const playground = await Playground.create(cluster(), 'future-watch')
    const future = await beyond(playground, 5)
    await using watch = await playground.watch({ resourceVersion: future })
    expect(watch.status).toBe(200)
    const written = []
    for (let i = 0; i < 10; i++) written.push(await playground.put(`a${i}`))
    const [first] = await watch.events(() => true)
    expect(first).toMatchObject({
      type: 'ADDED',
      object: { metadata: { resourceVersion: written.find((version) => Number(version) > Number(future)) } },
    })
  })

  test('a limit with a version and no match reads exactly that version, while NotOlderThan reads the newest', async () => {
    const playground = await Playground.create(cluster(), 'legacy-limit')
    const resourceVersion = await playground.put('a')
    await playground.put('b')
    const exact = await playground.list({ limit: 500, resourceVersion })
    expect(exact.body.items).toHaveLength(1)
    expect(exact.body.metadata.resourceVersion).toBe(resourceVersion)
    for (const query of [{ limit: 500, resourceVersion, resourceVersionMatch: 'NotOlderThan' }, { resourceVersion }]) {
      expect((await playground.list(query)).body.items).toHaveLength(2)
    }
  })

  test('pages carry the version of the first, and a continue token with a resourceVersion is a 400', async () => {
    const playground = await Playground.create(cluster(), 'pages')
    for (const name of ['a', 'b', 'c']) await playground.put(name)
    const first = await playground.list({ limit: 1 })
    expect(first.body.metadata).toMatchObject({ continue: expect.any(String), remainingItemCount: 2 })
    await playground.put('d')
    const second = await playground.list({ limit: 1, continue: first.body.metadata.continue })
    expect(second.body.metadata.resourceVersion).toBe(first.body.metadata.resourceVersion)
    const both = await playground.list({
      limit: 1,
      continue: first.body.metadata.continue,
      resourceVersion: first.body.metadata.resourceVersion,
    })
    expect(both.status).toBe(400)
    expect(both.body.message).toContain('specifying resource version is not allowed when using continue')
  })

  test('bookmarks arrive a second or two before the deadline, if requested, and only after a change since the start of the watch', async () => {
    const playground = await Playground.create(cluster(), 'bookmarks')
    const elsewhere = await Playground.create(cluster(), 'elsewhere')
    const resourceVersion = await playground.resourceVersion()
    await using asked = await playground.watch({ resourceVersion, timeoutSeconds: 5, allowWatchBookmarks: true })
    await using notAsked = await playground.watch({ resourceVersion, timeoutSeconds: 5 })
    // No test writes limit ranges.
    const limitRanges = `${cluster().proxyUrl}/api/v1/namespaces/bookmarks/limitranges`
    const { metadata } = (await (await fetch(limitRanges)).json()) as ListOrStatus
    await using idle = await WatchStream.open(
      `${limitRanges}?watch=true&timeoutSeconds=5&allowWatchBookmarks=true&resourceVersion=${metadata.resourceVersion}`,
    )
    await elsewhere.put('a')
    const [bookmarks, ...others] = await Promise.all([asked.lines(), notAsked.lines(), idle.lines()])
    expect(bookmarks.length).toBeGreaterThan(0)
    for (const line of bookmarks)
      expect(line).toMatch(
        /^\{"type":"BOOKMARK","object":\{"kind":"ConfigMap","apiVersion":"v1","metadata":\{"resourceVersion":"\d+"\}\}\}$/,
      )
    expect(others).toEqual([[], []])
  })

  test('a watch from no version, or from 0, is a streamed list, and marks the end of the state when bookmarks are allowed', async () => {
    const playground = await Playground.create(cluster(), 'unasked')
    await playground.put('a')
    for (const resourceVersion of [undefined, '0']) {
      await using watch = await playground.watch({ resourceVersion, allowWatchBookmarks: true })
      const events = await watch.events(({ type }) => type === 'BOOKMARK')
      expect(events).toMatchObject([{ type: 'ADDED' }, { object: { metadata: { annotations: { [INITIAL_EVENTS_END]: 'true' } } } }])
    }
  })

  test('sendInitialEvents sends the state as ADDED events, then an annotated bookmark, then continues', async () => {
    const playground = await Playground.create(cluster(), 'stream')
    await playground.put('a')
    await playground.put('b')
    const query = { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: true }
    await using watch = await playground.watch(query)
    await playground.put('c')
    const events = await watch.events(({ type, object }) => type === 'ADDED' && object.metadata.name === 'c')
    expect(events).toMatchObject([
      { type: 'ADDED', object: { metadata: { name: 'a' } } },
      { type: 'ADDED', object: { metadata: { name: 'b' } } },
      { type: 'BOOKMARK', object: { metadata: { annotations: { [INITIAL_EVENTS_END]: 'true' } } } },
      { type: 'ADDED', object: { metadata: { name: 'c' } } },
    ])
  })

  test('sendInitialEvents without resourceVersionMatch is a 422, never ends without bookmarks, and is refused in a list', async () => {
    const playground = await Playground.create(cluster(), 'stream-options')
    await playground.put('a')
    await using matchless = await playground.watch({ sendInitialEvents: true, allowWatchBookmarks: true })
    expect(matchless.status).toBe(422)
    await using silent = await playground.watch({ sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', timeoutSeconds: 1 })
    expect((await silent.events()).map(({ type }) => type)).toEqual(['ADDED'])
    expect((await playground.list({ sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' })).status).toBe(422)
  })

  test('DELETED carries the version of the deletion, also when an object only leaves a selector', async () => {
    const playground = await Playground.create(cluster(), 'deleted')
    const created = await playground.put('a', { labels: { app: 'web' } })
    const resourceVersion = await playground.resourceVersion()
    await using all = await playground.watch({ resourceVersion })
    await using selected = await playground.watch({ resourceVersion, labelSelector: 'app=web' })
    const left = await playground.put('a')
    await playground.delete('a')
    const deleted = ({ type }: { type: string }) => type === 'DELETED'
    const [gone] = (await all.events(deleted)).slice(-1)
    const [unselected] = (await selected.events(deleted)).slice(-1)
    expect(unselected).toMatchObject({ object: { metadata: { resourceVersion: left, labels: { app: 'web' } } } })
    expect(Number(created)).toBeLessThan(Number(left))
    expect(Number(gone && 'metadata' in gone.object && gone.object.metadata.resourceVersion)).toBeGreaterThan(Number(left))
  })

  test('a watch writes one event per line, with type, object, kind, apiVersion and the identity of the object first', async () => {
    const playground = await Playground.create(cluster(), 'order')
    await playground.put('a', { labels: { app: 'web' }, data: { text: 'a\nb\u2028c' } })
    await playground.put('b')
    await using watch = await playground.watch({ resourceVersion: '0' })
    expect(watch.headers.get('content-type')).toBe('application/json')
    const added = await watch.lines((line) => line.includes('"name":"b"'))
    expect(added).toHaveLength(2)
    for (const line of added) {
      expect(line).toMatch(
        /^\{"type":"ADDED","object":\{"kind":"ConfigMap","apiVersion":"v1","metadata":\{"name":"[ab]","namespace":"order","uid":"[0-9a-f-]{36}","resourceVersion":"\d+",/,
      )
    }
  })

  test('a generated name is written between name and namespace', async () => {
    const manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'made-' } }
    const text = await cluster().kubectl(['create', '--raw=/api/v1/namespaces/default/configmaps', '-f', '-'], {
      input: JSON.stringify(manifest),
    })
    expect(text).toMatch(
      /^\{"kind":"ConfigMap","apiVersion":"v1","metadata":\{"name":"made-\w+","generateName":"made-","namespace":"default","uid":"[0-9a-f-]{36}","resourceVersion":"\d+",/,
    )
  })

  test('lists are gzipped only above 128 KiB, watches never', async () => {
    const playground = await Playground.create(cluster(), 'gzip')
    const accept = { 'accept-encoding': 'gzip' }
    await playground.put('small')
    expect((await readDirectly(cluster(), playground.path(), accept)).headers['content-encoding']).toBeUndefined()
    await playground.put('large', { data: { text: 'x'.repeat(200 * 1024) } })
    expect((await readDirectly(cluster(), playground.path(), accept)).headers['content-encoding']).toBe('gzip')
    const watch = await readDirectly(cluster(), playground.path({ watch: true, timeoutSeconds: 1 }), accept)
    expect(watch.headers['content-encoding']).toBeUndefined()
    expect(watch.body.length).toBeGreaterThan(200 * 1024)
  })

  test('a watcher that does not read is disconnected silently: its stream ends before the newest event', async () => {
    const playground = await Playground.create(cluster(), 'slow')
    const response = await getDirectly(cluster(), playground.path({ watch: true, resourceVersion: await playground.resourceVersion() }))
    let newest = ''
    for (let i = 0; i < 60; i++) newest = await playground.put('a', { data: { text: String(i).repeat(500_000) } })
    let text = ''
    for await (const chunk of response.setEncoding('utf8')) text += chunk
    const events = text.trimEnd().split('\n')
    expect(events.length).toBeLessThan(60)
    for (const event of events) expect(event).toMatch(/^\{"type":"(ADDED|MODIFIED)"/)
    expect(events.at(-1)).not.toContain(`"resourceVersion":"${newest}"`)
  })
})

describeCluster('the API server, started again', (cluster) => {
  test('a restarted server answers a watch from an earlier version with HTTP 200 and an ERROR event with a 410', async () => {
    const playground = await Playground.create(cluster(), 'resume')
    const before = await playground.put('a')
    await playground.put('b')
    await cluster().restartApiServer()
    await using watch = await playground.watch({ resourceVersion: before })
    expect(watch.status).toBe(200)
    const events = await watch.events()
    expect(events).toMatchObject([{ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } }])
  })

  test('after a compaction an old continue token gets a 410 with an inconsistent token, and a list of an old version gets a 410', async () => {
    const playground = await Playground.create(cluster(), 'expired')
    const before = await playground.put('a')
    await playground.put('b')
    const { body } = await playground.list({ limit: 1 })
    await playground.put('c')
    await cluster().restartApiServer()
    await cluster().compact()
    const expired = await playground.list({ limit: 1, continue: body.metadata.continue })
    expect(expired.status).toBe(410)
    expect(expired.body).toMatchObject({ code: 410, reason: 'Expired', metadata: { continue: expect.any(String) } })
    const next = await playground.list({ limit: 1, continue: expired.body.metadata.continue })
    expect(next.body.items).toHaveLength(1)
    expect(next.body.metadata.resourceVersion).not.toBe(body.metadata.resourceVersion)
    const old = await playground.list({ resourceVersion: before, resourceVersionMatch: 'Exact' })
    expect(old.status).toBe(410)
    expect(old.body).toMatchObject({ code: 410, reason: 'Expired' })
  })

  test('a server without streamed lists refuses sendInitialEvents with 422', async () => {
    await cluster().restartApiServer({ apiServerFlags: ['--feature-gates=WatchList=false'] })
    const playground = await Playground.create(cluster(), 'no-watch-list')
    await using watch = await playground.watch({ sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: true })
    expect(watch.status).toBe(422)
  })

  test('with CORS the server exposes only the header Date to the page', async () => {
    await cluster().restartApiServer({ apiServerFlags: ['--cors-allowed-origins=^https://page\\.test$'] })
    const { headers } = await readDirectly(cluster(), '/api/v1/pods', { origin: 'https://page.test' })
    expect(headers['access-control-allow-origin']).toBe('https://page.test')
    expect(headers['access-control-expose-headers']).toBe('Date')
  })

  test('during shutdown the server answers 429 in plain text when so configured', async () => {
    await cluster().restartApiServer({ apiServerFlags: ['--shutdown-send-retry-after'] })
    const held = await holdRequest(cluster())
    const restarted = cluster().restartApiServer()
    const answers = []
    while (answers.at(-1)?.status !== 429) answers.push(await readDirectly(cluster(), '/api/v1/namespaces'))
    held.release()
    expect(answers.at(-1)).toMatchObject({ headers: { 'retry-after': '5', 'content-type': 'text/plain; charset=utf-8' } })
    await restarted
  })
})

/** Returns a version `by` steps ahead of the newest. Clients must not do arithmetic with versions; this test knows etcd's revisions. */
async function beyond(playground: Playground, by: number): Promise<string> {
  return String(Number(await playground.resourceVersion()) + by)
}
