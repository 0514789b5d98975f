import { expect, it } from 'vitest'
import { defineResource, type Resource } from '../../src/api/resource'
import { negotiate } from '../../src/relay/negotiate'
import { routeOf } from '../../src/relay/route'
import { ConfigMap, Pod } from '../../src/resources/core/v1'
import { briefList, CONFIG_MAPS, IN_SHOP, RelayWorld } from './world'

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'
const METADATA = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1'
const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'
const PROTOBUF = 'application/vnd.kubernetes.protobuf'

it.each([
  [null, 'list', 'object'],
  ['', 'list', 'object'],
  ['*/*', 'get', 'object'],
  [`${PROTOBUF},application/json`, 'list', 'object'],
  [`${PROTOBUF};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,${METADATA_LIST},application/json`, 'list', 'meta.k8s.io/v1'],
  ['application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1beta1', 'watch', 'meta.k8s.io/v1beta1'],
  ['application/json;stream=watch', 'watch', 'object'],
  ['application/yaml;q=0.1, application/json', 'list', 'object'],
  ['application/yaml, application/json', 'list', undefined],
  [TABLE, 'list', undefined],
  [`${PROTOBUF};as=Table;v=v1;g=meta.k8s.io,application/json`, 'list', undefined],
  [PROTOBUF, 'list', undefined],
  ['application/cbor', 'get', undefined],
  [METADATA, 'list', undefined],
  [METADATA_LIST, 'watch', undefined],
  ['application/json;as=PartialObjectMetadata;g=other;v=v1', 'get', undefined],
] as const)('[relay/1] Accept %j of a %s is answered in the form %s', (accept, verb, form) => {
  expect(negotiate(accept, verb)).toBe(form)
})

it('[relay/2] items of a metadata list have a type, except for a client that prefers protobuf, whose items have none', async () => {
  await using world = await new RelayWorld(['a']).ready()
  const read = async (accept: string) => {
    const { kind, items } = await (await world.request(`${CONFIG_MAPS}?resourceVersion=0`, { headers: { accept } })).json()
    return [kind, items[0].kind, items[0].metadata.name]
  }
  expect(await read(METADATA_LIST)).toEqual(['PartialObjectMetadataList', 'PartialObjectMetadata', 'a'])
  const goClient = `${PROTOBUF};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,${METADATA_LIST},application/json`
  expect(await read(goClient)).toEqual(['PartialObjectMetadataList', undefined, 'a'])
  expect(world.passes).toEqual([])
})

const Node: Resource = defineResource({ version: 'v1', plural: 'nodes', kind: 'Node', scope: 'Cluster' })
const routables = [Pod as Resource, Node].map((resource) => ({ resource, fieldLabels: { 'spec.nodeName': '' } }))

function route(path: string, { method = 'GET', accept = null as string | null, upgrade = null as string | null } = {}) {
  const url = new URL(path, 'http://relay.test')
  const decision = routeOf({ method, path: url.pathname, params: url.searchParams, accept, upgrade }, ({ plural }) =>
    routables.find(({ resource }) => resource.plural === plural),
  )
  return decision.type === 'pass' ? decision.why : { ...decision.attributes, reads: decision.reads }
}

it.each([
  ['/api/v1/pods', { method: 'POST' }, 'method'],
  ['/api/v1/pods', { method: 'HEAD' }, 'method'],
  ['/api/v1/namespaces/shop/pods/a/exec', { upgrade: 'websocket' }, 'upgrade'],
  ['/version', {}, 'resource'],
  ['/api/v1/services', {}, 'resource'],
  ['/api/v1/pods/a', {}, 'resource'],
  ['/api/v1/namespaces/shop/nodes', {}, 'resource'],
  ['/api/v1/namespaces/shop/pods/a/log', {}, 'subresource'],
  ['/api/v1/pods?pretty=true', {}, 'parameter'],
  ['/api/v1/pods?shardSelector=x', {}, 'parameter'],
  ['/api/v1/pods', { accept: TABLE }, 'representation'],
  ['/api/v1/pods?fieldSelector=spec.unknown%3Dx', {}, 'field-label'],
  ['/api/v1/nodes?fieldSelector=metadata.namespace%3Dx', {}, 'field-label'],
  ['/api/v1/pods?fieldSelector=broken', {}, 'field-label'],
] as const)('[relay/3] %s %j is passed on because of its %s', (path, options, why) => {
  expect(route(path, options)).toBe(why)
})

it('[relay/19] field labels that the resource has are selected by the cache, others and shard selectors are passed on', () => {
  expect(route('/api/v1/pods?fieldSelector=spec.nodeName%3Dn1')).toMatchObject({ verb: 'list', fieldSelector: 'spec.nodeName=n1' })
  expect(route('/api/v1/pods?fieldSelector=spec.other%3Dn1')).toBe('field-label')
  expect(route('/api/v1/pods?shardSelector=x')).toBe('parameter')
})

it('[relay/20] a list of one name is reviewed with that name, and a path with a name is a GET whatever its query says', () => {
  expect(route('/api/v1/namespaces/shop/pods?fieldSelector=metadata.name%3Dx')).toMatchObject({
    verb: 'list',
    namespace: 'shop',
    name: 'x',
  })
  expect(route('/api/v1/pods?watch=true&fieldSelector=metadata.name%3Dx')).toMatchObject({ verb: 'watch', name: 'x' })
  expect(route('/api/v1/namespaces/shop/pods/x?watch=true')).toMatchObject({ verb: 'get', name: 'x' })
  expect(route('/api/v1/nodes/n1')).toMatchObject({ verb: 'get', namespace: '', name: 'n1' })
})

it.each([
  ['', 'newest'],
  ['?resourceVersion=0', 'any'],
  ['?resourceVersion=00', 'any'],
  ['?resourceVersion=7', { notOlderThan: '7' }],
  ['?watch=1&resourceVersion=7', 'any'],
  ['?watch=1', 'newest'],
  ['?watch=1&sendInitialEvents=true&resourceVersion=7', { notOlderThan: '7' }],
  ['?watch=1&sendInitialEvents=true', 'newest'],
  ['?continue=broken', 'newest'],
])('[relay/8] a request %j reads the state %j', (query, reads) => {
  expect(route(`/api/v1/pods${query}`)).toMatchObject({ reads })
})

it('[relay/1] a list and a watch that accept JSON are answered from the cache, and tables, YAML and protobuf alone are passed on', async () => {
  await using world = await new RelayWorld(['a', 'b']).ready()
  const list = await briefList(
    await world.request(`${CONFIG_MAPS}?resourceVersion=0`, { headers: { accept: `${PROTOBUF},application/json` } }),
  )
  expect(list).toMatchObject({ status: 200, items: 'a@101 b@102' })
  const watch = await world.watch('resourceVersion=102')
  world.create('c')
  await world.settle()
  expect(watch.events).toEqual(['ADDED c@103'])
  expect(world.upstream).toEqual([])
  const table = await (await world.request(CONFIG_MAPS, { headers: { accept: TABLE } })).json()
  expect(table.kind).toBe('Table')
  for (const accept of ['application/yaml', PROTOBUF]) await world.request(CONFIG_MAPS, { headers: { accept } })
  expect(world.passes).toEqual(['representation', 'representation', 'representation'])
})

it('[relay/2] metadata is answered from the cache, in lists, watches and of single objects', async () => {
  await using world = await new RelayWorld(['a']).ready()
  const path = `${CONFIG_MAPS}?resourceVersion=0`
  const [relayed, direct] = await Promise.all(
    [world.request(path, { headers: { accept: METADATA_LIST } }), world.direct(path, { headers: { accept: METADATA_LIST } })].map(
      async (response) => (await response).json(),
    ),
  )
  expect(relayed).toEqual(direct)
  expect(relayed).toMatchObject({ kind: 'PartialObjectMetadataList', items: [{ kind: 'PartialObjectMetadata', metadata: { name: 'a' } }] })
  const watch = await world.watch('resourceVersion=101&allowWatchBookmarks=true&timeoutSeconds=10', { headers: { accept: METADATA } })
  world.create('b')
  await world.advance(9000)
  expect(watch.events).toEqual(['ADDED b@102', 'BOOKMARK 102'])
  expect(watch.objects).toMatchObject([
    { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: { name: 'b' } },
    { kind: 'PartialObjectMetadata', metadata: { resourceVersion: '102' } },
  ])
  expect(watch.objects[0]).not.toHaveProperty('data')
  const object = await (await world.request(`${IN_SHOP}/a?resourceVersion=0`, { headers: { accept: METADATA } })).json()
  expect(object).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'a' } })
  expect(world.passes).toEqual([])
})

it('[relay/3] any other request reaches the API server with method, path, query, body and headers, but for those of the connection', async () => {
  const seen: { url: string; method: string; headers: Headers; body: string }[] = []
  const fetch = async (request: Request) => {
    seen.push({ url: request.url, method: request.method, headers: request.headers, body: await request.text() })
    return new Response('made', {
      status: 201,
      statusText: 'Made',
      headers: { warning: '299 - "old"', connection: 'x-hop', 'x-hop': '1', 'x-end': '2' },
    })
  }
  await using world = await new RelayWorld().ready()
  const relay = world.start({
    client: { baseUrl: 'http://kubernetes.test', fetch: world.server.fetch, clock: world.clock },
    callerFetch: fetch,
    authorize: undefined,
  })
  const headers = {
    authorization: 'Bearer secret',
    connection: 'keep-alive, x-mine',
    'x-mine': '1',
    'x-other': '2',
    te: 'trailers',
    'content-type': 'application/json',
  }
  const response = await relay.fetch(
    new Request('http://relay.test/api/v1//namespaces/a%2Fb/pods?dryRun=All&x=%20', { method: 'POST', headers, body: '{"a":1}' }),
  )
  expect([response.status, response.statusText, await response.text()]).toEqual([201, 'Made', 'made'])
  expect(Object.fromEntries(response.headers)).toEqual({ 'content-type': 'text/plain;charset=UTF-8', warning: '299 - "old"', 'x-end': '2' })
  expect(seen[0]).toMatchObject({
    url: 'http://kubernetes.test/api/v1//namespaces/a%2Fb/pods?dryRun=All&x=%20',
    method: 'POST',
    body: '{"a":1}',
  })
  expect(Object.fromEntries(seen[0]?.headers ?? [])).toEqual({
    authorization: 'Bearer secret',
    'x-other': '2',
    'content-type': 'application/json',
    'accept-encoding': 'identity',
  })
  await relay.close()
})

it('[relay/3] bodies stream both ways, and nothing is buffered', async () => {
  const encoder = new TextEncoder()
  const fetch = async (request: Request) => new Response(request.body?.pipeThrough(new TransformStream()))
  await using world = await new RelayWorld().ready()
  const relay = world.start({ callerFetch: fetch, authorize: undefined })
  const upload = new TransformStream<Uint8Array, Uint8Array>()
  const writer = upload.writable.getWriter()
  const response = await relay.fetch(
    new Request('http://relay.test/api/v1/pods', { method: 'POST', body: upload.readable, duplex: 'half' } as RequestInit),
  )
  const reader = response.body?.getReader()
  for (const piece of ['first', 'second']) {
    void writer.write(encoder.encode(piece))
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe(piece)
  }
  await writer.close()
  expect((await reader?.read())?.done).toBe(true)
  await relay.close()
})

it('[relay/4] an upgrade is answered with 501 and a Status where the runtime cannot pass it on, and says where it would go', async () => {
  await using world = await new RelayWorld().ready()
  const init = { headers: { upgrade: 'websocket', 'x-stream-protocol-version': 'v5.channel.k8s.io' } }
  const response = await world.request(`${IN_SHOP}/a/exec?command=sh`, init)
  expect(response.status).toBe(501)
  expect(await response.json()).toMatchObject({ kind: 'Status', code: 501, message: expect.stringContaining('exec') })
  const target = await world.relay.upgrade(new Request(`http://relay.test${IN_SHOP}/a/exec?command=sh`, init))
  expect(target).toMatchObject({ url: new URL(`http://kubernetes.test${IN_SHOP}/a/exec?command=sh`) })
})

it('[relay/5] the base path of the API server is kept, and a redirect is passed back', async () => {
  const urls: string[] = []
  const fetch = async (request: Request) => {
    urls.push(`${request.redirect} ${request.url}`)
    return new Response(null, { status: 302, headers: { location: 'http://elsewhere.test/' } })
  }
  await using world = new RelayWorld([], {
    client: { baseUrl: 'http://gateway.test/k8s/c1', fetch },
    callerFetch: fetch,
    authorize: undefined,
  })
  const response = await world.request('/version?x=1')
  expect([response.status, response.headers.get('location')]).toEqual([302, 'http://elsewhere.test/'])
  expect(urls).toContain('manual http://gateway.test/k8s/c1/version?x=1')
})

it('[relay/6] a client that leaves aborts its request, and an API server that breaks breaks the body', async () => {
  await using world = await new RelayWorld(['a']).ready()
  const leaving = new AbortController()
  const pods = '/api/v1/pods?watch=true'
  const open = () => world.server.openRequests.filter(({ resource }) => resource === 'pods').length
  const left = await world.request(pods, { signal: leaving.signal })
  const canceled = await world.request(pods)
  const broken = await world.request(pods)
  expect(open()).toBe(3)
  const rejection = expect(left.text()).rejects.toThrow()
  leaving.abort()
  await canceled.body?.cancel()
  await world.settle()
  await rejection
  expect(open()).toBe(1)
  const text = expect(broken.text()).rejects.toThrow()
  world.server.disconnect()
  await text
})

it('[relay/7] before the first state reads are passed on, none waits and none gets a 429', async () => {
  await using world = new RelayWorld(['a'])
  world.server.faults.add({
    match: ({ url }) => url.includes('watch') || url.includes('limit'),
    fault: { type: 'delay', ms: 5000 },
    times: 10,
  })
  const list = await briefList(await world.request(`${CONFIG_MAPS}?resourceVersion=0`))
  const object = await world.request(`${IN_SHOP}/a?resourceVersion=0`)
  expect([list.items, object.status, world.passes]).toEqual(['a@101', 200, ['filling', 'filling']])
})

it('[relay/18] texts are those of the API server, byte for byte, with managedFields, and items of built-in kinds have no type', async () => {
  const Widget = defineResource({ group: 'example.com', version: 'v1', plural: 'widgets', kind: 'Widget' })
  await using world = await new RelayWorld(['a'], { resources: [ConfigMap as Resource, Widget] }, { resources: [Widget] }).ready()
  world.create('b', { managedFields: [{ manager: 'kubectl', operation: 'Update' }] })
  world.server.create(Widget, { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w', namespace: 'shop' } })
  await world.settle()
  for (const path of [CONFIG_MAPS, `${IN_SHOP}?limit=1`, '/apis/example.com/v1/widgets'])
    expect(await (await world.request(path)).text()).toBe(await (await world.direct(path)).text())
  const { items } = await (await world.request(CONFIG_MAPS)).json()
  expect(items[1]).toEqual({
    metadata: expect.objectContaining({ managedFields: [expect.objectContaining({ manager: 'kubectl' })] }),
    data: expect.anything(),
  })
  const { items: widgets } = await (await world.request('/apis/example.com/v1/widgets')).json()
  expect(widgets[0]).toMatchObject({ kind: 'Widget', apiVersion: 'example.com/v1' })
  expect(await (await world.request(`${IN_SHOP}/a?resourceVersion=0`)).text()).toBe(await (await world.direct(`${IN_SHOP}/a`)).text())
})
