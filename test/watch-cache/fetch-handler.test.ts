import { describe, expect, it } from 'vitest'
import { VirtualClock } from '../../src/testing/virtual-clock'
import { createFetchHandler } from '../../src/watch-cache/fetch-handler'
import { parseResourcePath } from '../../src/watch-cache/protocol'
import { WatchCache } from '../../src/watch-cache/watch-cache'
import { change, Pod, pod } from './pods'

function setUp() {
  const clock = new VirtualClock()
  const cache = new WatchCache({ resource: Pod, clock })
  cache.replace([pod('shop/a', 3, { app: 'web' }), pod('other/b', 4)], '10')
  const handler = createFetchHandler(({ group, version, plural }) =>
    group === '' && version === 'v1' && plural === 'pods' ? cache : undefined,
  )
  const get = (path: string, init?: RequestInit) => handler(new Request(`http://relay.test${path}`, init))
  return { clock, cache, get }
}

async function readLines(
  response: Response,
  count: number,
): Promise<{ type: string; object: { kind: string; metadata: Record<string, unknown> } }[]> {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  const decoder = new TextDecoder()
  let text = ''
  while (text.split('\n').length <= count) {
    const { done, value } = await reader.read()
    if (done) break
    text += decoder.decode(value, { stream: true })
  }
  reader.releaseLock()
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

describe('a LIST over HTTP', () => {
  it('a LIST is a list of the kind with the exact texts of the entries as items', async () => {
    const { cache, get } = setUp()
    const response = await get('/api/v1/pods?limit=1')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/json')
    const text = await response.text()
    expect(JSON.parse(text)).toMatchObject({
      kind: 'PodList',
      apiVersion: 'v1',
      metadata: { resourceVersion: '10', continue: expect.any(String), remainingItemCount: 1 },
    })
    expect(text).toContain(`"items":[${cache.get('other/b')?.text}]`)
  })

  it('a LIST of a namespace or a selector has their objects', async () => {
    const { get } = setUp()
    const names = async (path: string) =>
      (await (await get(path)).json()).items.map((item: { metadata: { name: string } }) => item.metadata.name)
    expect(await names('/api/v1/namespaces/shop/pods')).toEqual(['a'])
    expect(await names('/api/v1/pods?labelSelector=!app')).toEqual(['b'])
  })

  it('a LIST of many objects is sent in chunks, one at a time', async () => {
    const { cache, get } = setUp()
    cache.replace(
      Array.from({ length: 3000 }, (_, i) => pod(`shop/p${i}`, i + 1, { padding: 'x'.repeat(60) })),
      '5000',
    )
    const response = await get('/api/v1/pods')
    let chunks = 0
    for await (const chunk of response.body as ReadableStream<Uint8Array>) {
      chunks++
      expect(chunk.byteLength).toBeLessThan(70_000)
    }
    expect(chunks).toBeGreaterThan(5)
    expect((await (await get('/api/v1/pods')).json()).items).toHaveLength(3000)
  })
})

describe('a WATCH over HTTP', () => {
  it('a WATCH sends one event per line as soon as it happens', async () => {
    const { cache, get } = setUp()
    const response = await get('/api/v1/namespaces/shop/pods?watch=true&resourceVersion=10')
    expect(response.status).toBe(200)
    cache.apply([change('MODIFIED', pod('shop/a', 11)), change('ADDED', pod('other/c', 12)), change('DELETED', pod('shop/a', 13))])
    expect(await readLines(response, 2)).toMatchObject([
      { type: 'MODIFIED', object: { kind: 'Pod', metadata: { name: 'a', resourceVersion: '11' } } },
      { type: 'DELETED', object: { kind: 'Pod', metadata: { name: 'a', resourceVersion: '13' } } },
    ])
    await response.body?.cancel()
  })

  it('a bookmark has kind, apiVersion and resourceVersion, but no name and no uid', async () => {
    const { get } = setUp()
    const response = await get('/api/v1/pods?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true')
    const lines = await readLines(response, 3)
    expect(lines.at(-1)).toEqual({
      type: 'BOOKMARK',
      object: { kind: 'Pod', apiVersion: 'v1', metadata: { resourceVersion: '10', annotations: { 'k8s.io/initial-events-end': 'true' } } },
    })
    await response.body?.cancel()
  })

  it.each(['/api/v1/pods?watch=', '/api/v1/watch/pods?', '/api/v1/watch/pods?watch=false', '/api/v1/pods?watch=maybe'])(
    'a WATCH is the response to %s',
    async (path) => {
      const { clock, get } = setUp()
      const text = (await get(`${path}&resourceVersion=0&timeoutSeconds=1`)).text()
      await clock.advance(1000)
      expect((await text).trim().split('\n')).toHaveLength(2)
    },
  )

  it.each(['', '?fieldSelector=metadata.name%3D%3Da', '?fieldSelector=metadata.namespace%3Dshop%2Cmetadata.name%3Da'])(
    'a WATCH of one object by the legacy path%s delivers only that object',
    async (query) => {
      const { get } = setUp()
      const response = await get(`/api/v1/watch/namespaces/shop/pods/a${query}`)
      expect(await readLines(response, 1)).toMatchObject([{ type: 'ADDED', object: { metadata: { name: 'a' } } }])
      await response.body?.cancel()
    },
  )

  it('a WATCH that is not read pulls one batch from the cache, and ends once it is too far behind', async () => {
    const clock = new VirtualClock()
    const cache = new WatchCache({ resource: Pod, clock, watchBufferSize: 5 })
    cache.replace([], '10')
    const handler = createFetchHandler(() => cache)
    const response = await handler(new Request('http://relay.test/api/v1/pods?watch=1&resourceVersion=10'))
    for (let version = 11; version <= 20; version++) cache.apply([change('ADDED', pod(`shop/p${version}`, version))])
    await clock.settle()
    expect(clock.pending).toBe(0)
    expect(await response.text()).toBe('')
  })

  it('a WATCH from an expired version is HTTP 200 with an ERROR event', async () => {
    const { get } = setUp()
    const response = await get('/api/v1/pods?watch=1&resourceVersion=9')
    expect(response.status).toBe(200)
    const text = await response.text()
    expect(JSON.parse(text)).toMatchObject({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } })
  })

  it('a WATCH ends at its timeout', async () => {
    const { clock, get } = setUp()
    const text = (await get('/api/v1/pods?watch=1&resourceVersion=10&timeoutSeconds=5')).text()
    await clock.advance(5000)
    expect(await text).toBe('')
  })

  it('a WATCH ends at once when the request is aborted, and leaves no timer', async () => {
    const { clock, get } = setUp()
    const controller = new AbortController()
    const response = await get('/api/v1/pods?watch=1&resourceVersion=10&timeoutSeconds=5', { signal: controller.signal })
    const text = response.text()
    controller.abort(new Error('enough'))
    await expect(text).rejects.toThrow('enough')
    await clock.settle()
    expect(clock.pending).toBe(0)
  })

  it('a WATCH ends when its body is canceled, and leaves no timer', async () => {
    const { clock, get } = setUp()
    const response = await get('/api/v1/pods?watch=1&resourceVersion=10&timeoutSeconds=5')
    const reader = response.body?.getReader()
    void reader?.read()
    await clock.settle()
    expect(clock.pending).toBe(1)
    await reader?.cancel()
    await clock.settle()
    expect(clock.pending).toBe(0)
  })

  it('an abort during the wait for a future version rejects with the reason of the signal', async () => {
    const { clock, get } = setUp()
    const controller = new AbortController()
    const response = get('/api/v1/pods?watch=1&resourceVersion=99&sendInitialEvents=true&resourceVersionMatch=NotOlderThan', {
      signal: controller.signal,
    })
    await clock.settle()
    controller.abort('enough')
    await expect(response).rejects.toBe('enough')
    expect(clock.pending).toBe(0)
  })
})

describe('other answers', () => {
  it('a GET returns the text of an object, and a 404 with the wording of the API server for a missing one', async () => {
    const { get } = setUp()
    expect(await (await get('/api/v1/namespaces/shop/pods/a')).json()).toMatchObject({ metadata: { name: 'a' } })
    const missing = await get('/api/v1/namespaces/shop/pods/x')
    expect(missing.status).toBe(404)
    expect(await missing.json()).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'pods "x" not found',
      reason: 'NotFound',
      details: { name: 'x', kind: 'pods' },
      code: 404,
    })
  })

  it.each([
    ['/api/v1/services', 404],
    ['/api/v1/namespaces/shop/pods/a/log', 404],
    ['/nothing', 404],
    ['/api/v1/pods?resourceVersion=abc', 400],
    ['/api/v1/pods?resourceVersionMatch=Exact', 422],
    ['/api/v1/pods?watch=1&sendInitialEvents=true', 422],
    ['/api/v1/pods?labelSelector=a%20b', 400],
    ['/api/v1/pods?limit=abc', 400],
    ['/api/v1/pods?limit=', 400],
    ['/api/v1/pods?limit=9223372036854775808', 400],
    ['/api/v1/pods?timeoutSeconds=1.5', 400],
    ['/api/v1/pods?watch=1&timeoutSeconds=abc', 400],
    ['/api/v1/pods?watch=1&limit=abc', 400],
    ['/api/v1/pods?watch=1&resourceVersion=abc', 400],
    ['/api/v1/pods?fieldSelector=spec.color%3Dred', 400],
    ['/api/v1/pods?sendInitialEvents=', 422],
    ['/api/v1/namespaces/shop/pods/a?resourceVersion=abc', 400],
    ['/api/v1/watch/namespaces/shop/pods/a?fieldSelector=metadata.name%3Db', 400],
    ['/api/v1/watch/namespaces/shop/pods/a?fieldSelector=metadata.namespace%3Dshop', 400],
    ['/api/v1/watch/namespaces/shop/pods/a?fieldSelector=metadata.name', 400],
  ])('the request %s is answered with a Status of code %i', async (path, status) => {
    const response = await setUp().get(path)
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ kind: 'Status', status: 'Failure', code: status })
  })

  it.each(['limit=-1', 'limit=%2B9', 'limit=0', 'timeoutSeconds=1'])('a list with %s returns everything', async (query) => {
    expect((await (await setUp().get(`/api/v1/pods?${query}`)).json()).items).toHaveLength(2)
  })

  it('a GET at a future version waits, and is 504 after three seconds', async () => {
    const { clock, cache, get } = setUp()
    const path = '/api/v1/namespaces/shop/pods/a?resourceVersion='
    const [reached, missed] = [get(`${path}11`), get(`${path}12`)]
    await clock.settle()
    cache.apply([change('MODIFIED', pod('shop/a', 11))])
    expect(await (await reached).json()).toMatchObject({ metadata: { resourceVersion: '11' } })
    await clock.advance(3000)
    expect(await (await missed).json()).toMatchObject({ code: 504, details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } })
    expect(clock.pending).toBe(0)
  })

  it('a GET before the first state is 429, because the object may exist', async () => {
    const handler = createFetchHandler(() => new WatchCache({ resource: Pod }))
    expect((await handler(new Request('http://relay.test/api/v1/namespaces/shop/pods/a'))).status).toBe(429)
  })

  it('a method other than GET is 405', async () => {
    expect((await setUp().get('/api/v1/pods', { method: 'POST', body: '{}' })).status).toBe(405)
  })

  it('a response whose Status requests a retry also has the header Retry-After', async () => {
    const { clock, get } = setUp()
    const response = get('/api/v1/pods?resourceVersion=99')
    await clock.advance(3000)
    expect((await response).status).toBe(504)
    expect((await response).headers.get('retry-after')).toBe('1')
  })
})

const target = { group: '', version: 'v1', plural: '', namespace: '', name: '', subresource: '', watch: false }

it.each([
  ['/api/v1/pods', { ...target, plural: 'pods' }],
  ['/api/v1/pods/', { ...target, plural: 'pods' }],
  ['/api/v1/namespaces//pods', { ...target, plural: 'pods' }],
  ['/api/v1/watch/pods', { ...target, plural: 'pods', watch: true }],
  ['/api/v1/watch/namespaces/shop/pods/a', { ...target, plural: 'pods', namespace: 'shop', name: 'a', watch: true }],
  ['/api/v1/watch/namespaces/shop', { ...target, plural: 'namespaces', name: 'shop', watch: true }],
  ['/apis/apps/v1/watch/deployments', { ...target, group: 'apps', plural: 'deployments', watch: true }],
  ['/api/v1/watch/namespaces/shop/pods/a/status', undefined],
  ['/api/v1/namespaces/shop/pods/a/status', { ...target, plural: 'pods', namespace: 'shop', name: 'a', subresource: 'status' }],
  ['/api/v1/namespaces/shop', { ...target, plural: 'namespaces', name: 'shop' }],
  ['/api/v1/namespaces/shop/finalize', { ...target, plural: 'namespaces', name: 'shop', subresource: 'finalize' }],
  ['/apis/apps/v1/namespaces/a%2Fb/deployments', { ...target, group: 'apps', plural: 'deployments', namespace: 'a/b' }],
  ['/apis/apps/v1', undefined],
  ['/api//v1/pods', undefined],
  ['/api/v1//pods', undefined],
  ['//api/v1/pods', undefined],
  ['/api/v1/namespaces/shop/pods//a', undefined],
  ['/api', undefined],
  ['/version', undefined],
  ['/api/v1/pods/%', undefined],
  ['/api/v1/pods/a/b/c', undefined],
])('the path %s identifies %j', (path, expected) => {
  expect(parseResourcePath(path)).toEqual(expected)
})
