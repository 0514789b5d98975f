import { describe, expect, test } from 'vitest'
import type { KubeObject } from '../../src/api/object'
import type { PartialObjectMetadata } from '../../src/api/partial-object-metadata'
import type { Resource } from '../../src/api/resource'
import type { Entry } from '../../src/codec/entry'
import type { WatchEntry } from '../../src/codec/wire'
import { listTable, type TableColumn } from '../../src/http/table'
import { createInformer } from '../../src/informer/create-informer'
import { metadata } from '../../src/informer/sources/metadata'
import { table } from '../../src/informer/sources/table'
import { memoryPersister } from '../../src/persistence/memory/memory-persister'
import { ConfigMap, Pod, Secret } from '../../src/resources/core/v1'
import { metadataListWatch } from '../../src/source/metadata'
import { tableListWatch } from '../../src/source/table'
import { podFixture } from '../../src/testing'
import { World } from '../conformance/world'
import { clientOf, quiet } from '../informer/support'
import { serve } from './server'

/** Two pods, and room to read them in one representation or another. */
function setUp() {
  const world = new World()
  for (const index of [0, 1]) world.server.create(Pod as Resource<KubeObject>, podFixture(index, { namespace: 'shop' }))
  return { world, server: world.server, client: clientOf(world), names: world.server.list(Pod).map(({ metadata }) => metadata.name) }
}

/** Every event of a watch. */
async function all<T>(watch: AsyncIterable<readonly WatchEntry<T>[]>): Promise<WatchEntry<T>[]> {
  const events: WatchEntry<T>[] = []
  for await (const batch of watch) events.push(...batch)
  return events
}

const podColumns = ['Name', 'Status', 'Restarts', 'Age', 'Node']

describe('metadata', () => {
  test('a list of metadata reads everything but managedFields, and nothing else of the object', async () => {
    const { server, client } = setUp()
    const list = await metadataListWatch(client, Pod, { namespace: 'shop' }).list({})
    const { metadata } = server.list(Pod)[0] ?? {}
    expect(metadata?.managedFields).toBeDefined()
    const { managedFields: _, ...rest } = metadata ?? {}
    expect(list.entries[0]?.object).toEqual({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: rest })
    expect(list.resourceVersion).toBe(server.resourceVersion)
    expect(server.requests[0]?.headers.get('accept')).toBe(
      'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json',
    )
  })

  test('a watch of metadata reads managedFields when they are requested', async () => {
    const { server, client, names } = setUp()
    const source = metadataListWatch(client, Pod, { managedFields: 'keep' })
    const objects: PartialObjectMetadata[] = []
    for await (const batch of source.watch({ resourceVersion: '0' })) {
      for (const event of batch) if ('entry' in event) objects.push(event.entry.object)
      if (objects.length === names.length) break
    }
    expect(objects.map(({ kind, metadata }) => [kind, metadata.name, metadata.managedFields?.length])).toEqual(
      names.map((name) => ['PartialObjectMetadata', name, 2]),
    )
    expect(objects[0]).not.toHaveProperty('spec')
    expect(server.requests[0]?.headers.get('accept')).toBe('application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json')
  })

  test('metadata is cut out of whole objects where the server supports nothing else', async () => {
    const item = { metadata: { name: 'a', namespace: 'n', uid: 'u', resourceVersion: '7', labels: { x: '1' } }, spec: { big: true } }
    const { client } = serve(({ url }) =>
      url.includes('watch=')
        ? new Response(
            `{"type":"ADDED","object":${JSON.stringify({ kind: 'Pod', apiVersion: 'v1', ...item })}}\n{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"}}}\n`,
          )
        : { kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '8' }, items: [item] },
    )
    const text = `{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":${JSON.stringify(item.metadata)}}`
    const source = metadataListWatch(client(), Pod)
    expect((await source.list({})).entries.map((entry) => entry.text)).toEqual([text])
    const events = await all(source.watch({}))
    expect(events.map((event) => ('entry' in event ? event.entry.text : event.type))).toEqual([text, 'BOOKMARK'])
  })

  test.each(['PartialObjectMetadata', 'Secret'])(
    'metadata of Secrets has no copy of their values that kubectl left, whatever the server sends (%s)',
    async (kind) => {
      const applied = JSON.stringify({ kind: 'Secret', data: { password: 'aHVudGVyMg==' } })
      const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': applied, owner: 'ann' }
      const item = {
        kind,
        apiVersion: 'v1',
        metadata: { name: 'a', namespace: 'n', uid: 'u', resourceVersion: '7', annotations },
        ...(kind === 'Secret' && { data: { password: 'aHVudGVyMg==' } }),
      }
      const { client } = serve(({ url }) =>
        url.includes('watch=')
          ? new Response(`${JSON.stringify({ type: 'ADDED', object: item })}\n`)
          : { kind: `${kind}List`, apiVersion: 'v1', metadata: { resourceVersion: '8' }, items: [item] },
      )
      const read = async (resource: Resource) => {
        const source = metadataListWatch(client(), resource)
        const arrived: Entry<PartialObjectMetadata>[] = []
        const list = await source.list({ onEntries: (entries) => void arrived.push(...entries) })
        const events = await all(source.watch({}))
        return [...arrived, ...list.entries, ...events.flatMap((event) => ('entry' in event ? [event.entry] : []))]
      }
      const secrets = await read(Secret)
      expect(secrets).toHaveLength(3)
      for (const { text, object } of secrets) {
        expect(text).not.toMatch(/aHVudGVyMg|last-applied/)
        expect(object.metadata.annotations).toEqual({ owner: 'ann' })
      }
      for (const { object } of await read(ConfigMap)) expect(object.metadata.annotations).toEqual(annotations)
    },
  )

  test('an informer of metadata keeps objects of one kind, whether listed or streamed', async () => {
    for (const initialList of ['stream', 'list'] as const) {
      const { world, client } = setUp()
      const errors: unknown[] = []
      const onError = (error: unknown) => void errors.push(error)
      {
        await using pods = createInformer(client, Pod, { ...quiet(world), initialList, onError, source: metadata() })
        await world.settle()
        world.server.create(Pod as Resource<KubeObject>, podFixture(2, { namespace: 'shop' }))
        await world.settle()
        expect(pods.lister.list().map(({ object: { kind, metadata } }) => [kind, metadata.namespace])).toEqual(
          Array(3).fill(['PartialObjectMetadata', 'shop']),
        )
      }
      await world.settle()
      world.expectNothingLeft()
      expect(errors).toEqual([])
    }
  })
})

describe('a table', () => {
  test('a table has columns, and a row for each object: with its metadata, the whole object or nothing', async () => {
    const { server, client, names } = setUp()
    const table = await listTable(client, Pod, { namespace: 'shop' })
    expect(table.columnDefinitions.map(({ name }) => name)).toEqual(podColumns)
    expect(table.columnDefinitions[4]).toEqual({ name: 'Node', type: 'string', format: '', description: '', priority: 1 })
    expect(table.rows.map(({ cells }) => cells[0])).toEqual(names)
    expect(table.rows[0]?.object.kind).toBe('PartialObjectMetadata')
    expect((await listTable(client, Pod, { includeObject: 'Object' })).rows[0]?.object).toEqual(server.list(Pod)[0])
    expect((await listTable(client, Pod, { includeObject: 'None' })).rows[0]?.object).toBeNull()
  })

  test('a table is read in pages', async () => {
    const { client, names } = setUp()
    const source = tableListWatch(client, Pod)
    const first = await source.list({ limit: 1 })
    const second = await source.list({ limit: 1, continue: first.continue })
    expect([...first.entries, ...second.entries].map(({ name }) => name)).toEqual(names)
    expect([first.remainingItemCount, second.continue]).toEqual([1, ''])
  })

  test('a table is refused when the server sends something else', async () => {
    const whole = serve(() => ({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items: [] }))
    const message = 'pods: asked for a Table, the server sent PodList; read the objects or their metadata instead'
    await expect(listTable(whole.client(), Pod)).rejects.toThrow(message)
    await expect(tableListWatch(whole.client(), Pod).list({})).rejects.toThrow(message)
    const watch = serve(() => new Response('{"type":"ADDED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"}}}\n'))
    await expect(all(tableListWatch(watch.client(), Pod).watch({}))).rejects.toThrow('the server sent Pod;')
    expect(whole.requests[0]?.headers.get('accept')).toBe('application/json;as=Table;g=meta.k8s.io;v=v1')
  })

  test('a table of nothing may have null for rows', async () => {
    const { client } = serve(() => ({
      kind: 'Table',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { resourceVersion: '3' },
      columnDefinitions: [],
      rows: null,
    }))
    expect(await tableListWatch(client(), Pod).list({})).toMatchObject({ resourceVersion: '3', entries: [] })
  })
})

describe('rows', () => {
  test.each(['stream', 'list'] as const)('rows are kept by an informer under the names of their objects (%s)', async (initialList) => {
    const { world, client, names } = setUp()
    const columns: (readonly TableColumn[])[] = []
    {
      await using pods = createInformer(client, Pod, {
        ...quiet(world),
        initialList,
        source: table({ onColumns: (told) => columns.push(told) }),
        indexers: { status: ({ cells, columns }) => [String(cells[columns.indexOf('Status')])] },
      })
      await world.settle()
      expect(pods.hasSynced).toBe(true)
      const key = `shop/${names[0]}`
      const before = pods.lister.get(key)?.object
      expect(before).toMatchObject({ kind: 'TableRow', columns: podColumns, metadata: { name: names[0], namespace: 'shop' } })
      expect(before).not.toHaveProperty('object')
      expect(before?.metadata).not.toHaveProperty('managedFields')
      expect(before?.cells.slice(0, 2)).toEqual([names[0], 'Running'])

      const pod = world.server.get(Pod, { namespace: 'shop', name: names[0] ?? '' })
      world.server.update(Pod, { ...pod, metadata: pod?.metadata ?? {}, status: { ...pod?.status, phase: 'Failed' } })
      await world.settle()
      expect(pods.lister.get(key)?.object.cells[1]).toBe('Failed')
      expect(pods.indexer.byIndex('status', 'Failed').map((entry) => entry.key)).toEqual([key])

      world.server.delete(Pod, { namespace: 'shop', name: names[1] ?? '' })
      await world.settle()
      expect(pods.lister.list().map((entry) => entry.key)).toEqual([key])
      await world.advance(60_000)
      expect(pods.lastSyncResourceVersion).toBe(world.server.resourceVersion)
    }
    await world.settle()
    world.expectNothingLeft()
    expect(columns.map((told) => told.map(({ name }) => name))).toEqual([podColumns])
  })

  test('rows contain the whole object when requested', async () => {
    const { world, client, names } = setUp()
    await using pods = createInformer(client, Pod, { ...quiet(world), source: table({ includeObject: 'Object' }) })
    await world.settle()
    const row = pods.lister.get(`shop/${names[0]}`)?.object
    expect(row?.object).toMatchObject({ kind: 'Pod', metadata: row?.metadata ?? {}, spec: { nodeName: expect.any(String) } })
  })

  test('rows of a resumed watch learn their columns from the first event, whether an object or a bookmark', async () => {
    const cells = (name: string) => ({ cells: [name], object: { kind: 'PartialObjectMetadata', metadata: { name, resourceVersion: '5' } } })
    const event = (type: string, rows: object[], columnDefinitions: object[] | null) =>
      `${JSON.stringify({ type, object: { kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata: {}, columnDefinitions, rows } })}\n`
    const bookmark = { cells: [], object: { metadata: { resourceVersion: '4' } } }
    const { client } = serve(
      () =>
        new Response(
          event('BOOKMARK', [bookmark], [{ name: 'Name' }]) +
            event('ADDED', [cells('a')], null) +
            event('MODIFIED', [cells('a')], [{ name: 'Called' }]),
        ),
    )
    const columns: string[] = []
    const source = tableListWatch(client(), Pod, { onColumns: ([column]) => columns.push(column?.name ?? '') })
    const events = await all(source.watch({ resourceVersion: '3' }))
    expect(events.map((event) => ('entry' in event ? event.entry.object.columns : event))).toEqual([
      { type: 'BOOKMARK', resourceVersion: '4', initialEventsEnd: false },
      ['Name'],
      ['Called'],
    ])
    expect(columns).toEqual(['Name', 'Called'])
  })

  test.each([
    [
      'an ERROR event',
      { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } },
      { type: 'ERROR', status: { code: 410 } },
    ],
    [
      'an ERROR event that is no Status',
      { type: 'ERROR', object: { x: 1 } },
      { type: 'ERROR', status: { message: '{"type":"ERROR","object":{"x":1}}' } },
    ],
  ])('rows are followed by %s as any events are', async (_, event, expected) => {
    const { client } = serve(() => new Response(`${JSON.stringify(event)}\n`))
    expect(await all(tableListWatch(client(), Pod).watch({}))).toMatchObject([expected])
  })

  test.each([
    ['is not JSON', '{"type":}', 'a watch event is not JSON'],
    ['is of an unknown type', '{"type":"MOVED","object":{}}', 'unknown watch event type "MOVED"'],
    ['is null', 'null', 'a watch event is not an object'],
    ['is of no table', '{"type":"ADDED","object":null}', 'asked for a Table'],
  ])('an event that %s is an error', async (_, line, message) => {
    const { client } = serve(() => new Response(`${line}\n`))
    await expect(all(tableListWatch(client(), Pod).watch({}))).rejects.toThrow(message)
  })
})

test('state stored in one representation is never read in another', async () => {
  const world = new World(['a'])
  const client = clientOf(world)
  const common = { ...quiet(world), namespace: 'shop', persist: { to: memoryPersister() } }
  const sources: string[] = []
  const texts: string[] = []
  for (let life = 0; life < 2; life++) {
    await using whole = createInformer(client, ConfigMap, common)
    await using partial = createInformer(client, ConfigMap, { ...common, source: metadata() })
    await using rows = createInformer(client, ConfigMap, { ...common, source: table() })
    await using wide = createInformer(client, ConfigMap, { ...common, source: table({ includeObject: 'Object' }) })
    await world.advance(1_000)
    for (const informer of [whole, partial, rows, wide]) {
      sources.push(informer.status.source ?? '')
      texts.push(informer.lister.get('shop/a')?.text.slice(0, 30) ?? '')
    }
  }
  expect(sources).toEqual(['stream', 'stream', 'stream', 'stream', 'persisted', 'persisted', 'persisted', 'persisted'])
  expect(texts.slice(4)).toEqual(texts.slice(0, 4))
  expect(new Set(texts.slice(4)).size).toBe(3)
})
