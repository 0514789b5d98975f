import { expect, test } from 'vitest'
import { isApiError } from '../../src/api/errors'
import { INITIAL_EVENTS_END } from '../../src/codec/wire'
import { createInformer, type InformerOptions } from '../../src/informer/create-informer'
import { SharedInformer } from '../../src/informer/shared-informer'
import { ConfigMap } from '../../src/resources/core/v1'
import { tableListWatch } from '../../src/source/table'
import { VirtualClock } from '../../src/testing/virtual-clock'
import { utf8 } from '../codec/chunks'
import { endlessBody, serve } from '../http/server'

// Harmless oddities of aggregated APIs, proxies and Go cost no more than themselves: the feed lives on, and says what it skipped.

const object = (name: string, resourceVersion: string, namespace = 'shop') => ({
  kind: 'ConfigMap',
  apiVersion: 'v1',
  metadata: { name, namespace, uid: `uid-${name}`, resourceVersion },
})
const text = (name: string, resourceVersion: string, namespace?: string) => JSON.stringify(object(name, resourceVersion, namespace))
const event = (type: string, text: string) => `{"type":"${type}","object":${text}}\n`
const list = (items: readonly string[], metadata = '{"resourceVersion":"10"}') =>
  `{"kind":"ConfigMapList","apiVersion":"v1","metadata":${metadata},"items":[${items}]}`

/** A feed of one server that answers each list with one text, and each watch with one text and then silence. */
async function feed(answers: { list: string; watch: string }, options: InformerOptions<ConfigMap> = {}) {
  const clock = new VirtualClock()
  const errors: string[] = []
  const server = serve(
    (request) =>
      new Response(new URL(request.url).searchParams.has('watch') ? endlessBody(utf8(answers.watch)).body : answers.list, {
        headers: { 'content-type': 'application/json' },
      }),
  )
  const informer = createInformer(server.client(), ConfigMap, {
    clock,
    random: () => 0.5,
    onWake: () => () => undefined,
    namespace: 'shop',
    initialList: 'list',
    // What is reported once per kind is a part of this.
    onEvent: (event) => event.type === 'error' && errors.push(String(event.error)),
    onError: () => undefined,
    ...options,
  })
  await clock.settle()
  return {
    clock,
    errors,
    informer,
    state: () => informer.store.list().map(({ key, resourceVersion }) => `${key}@${resourceVersion}`),
    watches: () => server.requests.filter(({ url }) => url.includes('allowWatchBookmarks=')).length,
    lists: () => server.requests.filter(({ url }) => !url.includes('watch=')).length,
    [Symbol.asyncDispose]: () => informer[Symbol.asyncDispose](),
  }
}

test.each([
  ['a time that is null', '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"creationTimestamp":null}}'],
  ['metadata that is null', '{"metadata":null}'],
  ['no metadata', '{}'],
  ['an empty version', '{"metadata":{"resourceVersion":""}}'],
])('a bookmark without a version, with %s, does not end the feed', async (_what, bookmark) => {
  await using page = await feed({
    list: list([text('a', '5')]),
    watch: event('BOOKMARK', bookmark) + event('ADDED', text('b', '11')) + event('BOOKMARK', bookmark),
  })
  await page.clock.advance(60_000)
  expect(page.state()).toEqual(['shop/a@5', 'shop/b@11'])
  expect(page.informer.status).toMatchObject({ state: 'live', lastSyncResourceVersion: '11' })
  expect([page.lists(), page.watches()]).toEqual([1, 1])
})

test('a bookmark without a version that ends the initial events does end them', async () => {
  const end = `{"metadata":{"annotations":{"${INITIAL_EVENTS_END}":"true"}}}`
  await using page = await feed({ list: '', watch: event('ADDED', text('a', '5')) + event('BOOKMARK', end) }, { initialList: 'stream' })
  expect(page.state()).toEqual(['shop/a@5'])
  expect(page.informer.status).toMatchObject({ state: 'live', hasSynced: true, source: 'stream' })
})

test('a bookmark of a table without a version does not end the feed', async () => {
  const clock = new VirtualClock()
  const table = (rows: string) => `{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":null,"columnDefinitions":null,"rows":${rows}}`
  const { client } = serve((request) =>
    request.url.includes('watch=')
      ? new Response(
          endlessBody(utf8(event('BOOKMARK', table('null')) + event('ADDED', table(`[{"cells":null,"object":${text('b', '11')}}]`)))).body,
        )
      : new Response(table(`[{"cells":["a"],"object":${text('a', '5')}},null,{"cells":[]}]`)),
  )
  const errors: unknown[] = []
  await using informer = new SharedInformer(tableListWatch(client(), ConfigMap), {
    clock,
    onWake: () => () => undefined,
    initialList: 'list',
    onError: (error) => errors.push(error),
  })
  void informer.run()
  await clock.settle()
  expect(informer.store.keys()).toEqual(['shop/a', 'shop/b'])
  expect(errors.map(String)).toEqual([
    expect.stringContaining('a row of a table'),
    expect.stringContaining('bookmarks without a resourceVersion'),
  ])
})

test.each([
  ['continue is null', '{"resourceVersion":"10","continue":null}', '10'],
  ['remainingItemCount is null', '{"resourceVersion":"10","remainingItemCount":null}', '10'],
  ['metadata is null', 'null', '11'],
  ['resourceVersion is a number', '{"resourceVersion":10}', '10'],
])('a list counts when its %s', async (_what, metadata, resourceVersion) => {
  await using page = await feed({
    list: list([text('a', '5')], metadata),
    watch: metadata === 'null' ? event('MODIFIED', text('a', '11')) : '',
  })
  expect(page.informer.status).toMatchObject({ state: 'live', lastSyncResourceVersion: resourceVersion })
  expect([page.informer.store.keys(), page.lists()]).toEqual([['shop/a'], 1])
})

test('a list counts without its nameless items, and each is reported', async () => {
  await using page = await feed({ list: list([text('a', '5'), '{"metadata":{}}', 'null', '7', text('b', '6')]), watch: '' })
  expect(page.state()).toEqual(['shop/a@5', 'shop/b@6'])
  expect(page.informer.status).toMatchObject({ state: 'live', hasSynced: true })
  expect(page.errors).toHaveLength(3)
  expect(page.errors).toEqual(
    expect.arrayContaining([
      expect.stringContaining('metadata.name'),
      expect.stringContaining('is not an object: null'),
      expect.stringContaining('is not an object: 7'),
    ]),
  )
})

test('a list of thousands of nameless items is reported in eleven errors', async () => {
  await using page = await feed({ list: list([text('a', '5'), ...Array<string>(5_000).fill('{}')]), watch: '' })
  expect(page.state()).toEqual(['shop/a@5'])
  expect(page.errors).toHaveLength(11)
  expect(page.errors.at(-1)).toContain('4990 more items of the list were skipped')
})

test('an event whose object cannot be kept is reported and skipped, and the version does not move', async () => {
  await using page = await feed({
    list: list([text('a', '5')]),
    watch: event('ADDED', '{"metadata":{"resourceVersion":"12"}}') + event('MODIFIED', 'null'),
  })
  expect(page.state()).toEqual(['shop/a@5'])
  expect(page.errors).toEqual([expect.stringContaining('metadata.name'), expect.stringContaining('has an object')])
  expect(page.informer.status).toMatchObject({ state: 'live', lastSyncResourceVersion: '10' })
  expect(page.errors[0]).toContain('GET http://kube.test/api/v1/namespaces/shop/configmaps answered 200 application/json')
})

test.each(['list', 'stream'] as const)('two objects of one name in one %s are reported once, and the last is kept', async (initialList) => {
  const items = [text('a', '1'), text('b', '2'), text('a', '3'), text('b', '4'), text('a', '5')]
  const end = `{"metadata":{"resourceVersion":"10","annotations":{"${INITIAL_EVENTS_END}":"true"}}}`
  await using page = await feed(
    { list: list(items), watch: initialList === 'list' ? '' : items.map((item) => event('ADDED', item)).join('') + event('BOOKMARK', end) },
    { initialList },
  )
  expect(page.state()).toEqual(['shop/a@5', 'shop/b@4'])
  expect(page.errors).toEqual([
    expect.stringContaining('the list has 3 objects called shop/a: the last one is kept; 1 more with other keys'),
  ])
  expect(page.informer.state).toBe('live')
})

test.each(['list', 'stream'] as const)(
  'objects of another namespace than the one asked for are reported and never stored: %s',
  async (initialList) => {
    const items = [text('a', '1'), text('a', '2', 'shop2'), text('a', '3', 'sho')]
    const end = `{"metadata":{"resourceVersion":"10","annotations":{"${INITIAL_EVENTS_END}":"true"}}}`
    const initial = items.map((item) => event('ADDED', item)).join('') + event('BOOKMARK', end)
    const later = event('DELETED', text('a', '11', 'other')) + event('MODIFIED', text('a', '12')) + event('ADDED', text('b', '13', 'other'))
    const arrived: string[] = []
    await using page = await feed(
      { list: list(items), watch: (initialList === 'list' ? '' : initial) + later },
      { initialList, onArrival: (entries) => void arrived.push(...entries.map(({ key }) => key)) },
    )
    expect(page.state()).toEqual(['shop/a@12'])
    expect(arrived).toEqual(['shop/a'])
    expect(page.errors).toHaveLength(4)
    expect(page.errors[0]).toContain('configmaps: asked for the namespace shop, but the server sent shop2/a')
    expect(page.informer.status).toMatchObject({ state: 'live', lastSyncResourceVersion: '12' })
  },
)

test('objects of another kind are reported and never stored, from a list and from a watch', async () => {
  const secret = (name: string, resourceVersion: string) => text(name, resourceVersion).replace('"ConfigMap"', '"Secret"')
  await using page = await feed({ list: list([text('a', '5'), secret('b', '6')]), watch: event('ADDED', secret('c', '11')) })
  expect(page.state()).toEqual(['shop/a@5'])
  expect(page.errors).toEqual([expect.stringContaining('expected ConfigMap (v1), got Secret'), expect.stringContaining('got Secret')])
})

test.each([
  [
    'behind the rest',
    (name: string) => `{"metadata":{"name":"${name}","namespace":"shop"},"data":{},"metadata":{"name":"x","namespace":"shop"}}`,
  ],
  ['hidden by escapes', (name: string) => `{"metadata":{"namespace":"shop","name":"${name}","na\\u006de":"x"}}`],
])('an object with two names, the second %s, is reported and never stored', async (_where, twice) => {
  await using page = await feed({
    list: list([text('a', '5'), twice('b')]),
    watch: event('MODIFIED', text('a', '11')) + event('ADDED', twice('c')) + event('ADDED', text('d', '12')),
  })
  expect(page.state()).toEqual(['shop/a@11', 'shop/d@12'])
  expect(page.errors).toEqual([expect.stringContaining('twice'), expect.stringContaining('twice')])
})

test.each([
  ['HTML', '<html>log in</html>', 'text/html'],
  ['pretty-printed JSON', JSON.stringify(object('a', '1'), null, 2), 'application/json'],
])('%s with status 200 in place of a list or a watch is named with method, URL, status and content type', async (_what, body, type) => {
  const { client } = serve(() => new Response(body, { headers: { 'content-type': type } }))
  const where = `GET http://kube.test/api/v1/configmaps answered 200 ${type}`
  await expect(client().listEntries(ConfigMap)).rejects.toThrow(where)
  await expect(client().list(ConfigMap)).rejects.toThrow(where)
  await expect(
    client()
      .watchEntries(ConfigMap)
      .next()
      .then(() => client().watch(ConfigMap).next()),
  ).rejects.toThrow(where)
  await expect(client().watch(ConfigMap).next()).rejects.toThrow(body.slice(0, 30))
})

test('an error names the URL that a redirect led to, without its query', async () => {
  const { client } = serve(() => {
    const response = new Response('<html>', { headers: { 'content-type': 'text/html' } })
    Object.defineProperty(response, 'url', { value: 'https://login.test/start?state=secret' })
    return response
  })
  const error = await client()
    .listEntries(ConfigMap)
    .catch((error: unknown) => String(error))
  expect(error).toContain('answered 200 text/html from https://login.test/start: the response is not a whole JSON list')
  expect(error).not.toContain('secret')
})

test.each([
  ['on one line', (status: object) => JSON.stringify(status)],
  ['on one line that ends', (status: object) => `${JSON.stringify(status)}\n`],
  ['pretty-printed', (status: object) => JSON.stringify(status, null, 2)],
])('a Status that says Failure with status 200, %s, is an ApiError for lists, watches and single objects', async (_how, write) => {
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'no',
    reason: 'Forbidden',
    details: null,
    code: 403,
  }
  const { client } = serve(() => new Response(write(status), { headers: { 'content-type': 'application/json' } }))
  for (const asked of [
    client().listEntries(ConfigMap),
    client().list(ConfigMap),
    client().get(ConfigMap, 'a', { namespace: 'shop' }),
    client().watch(ConfigMap).next(),
  ]) {
    await expect(asked).rejects.toSatisfy((error) => isApiError(error) && error.status === 403 && error.reason === 'Forbidden')
  }
})

test('lone carriage returns between events, and a byte order mark, have no effect', async () => {
  const { client } = serve(() => new Response(`\ufeff${['a', 'b'].map((name) => event('ADDED', text(name, '1')).trim()).join('\r')}\r`))
  const names: string[] = []
  for await (const { object } of client().watch(ConfigMap)) names.push((object as ConfigMap).metadata.name ?? '')
  expect(names).toEqual(['a', 'b'])
})
