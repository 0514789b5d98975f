import { createCollection } from '@tanstack/db'
import { describe, expect, it } from 'vitest'
import { createInformer, isConflictError, KubeClient } from '../../src'
import { ConfigMap } from '../../src/resources/core/v1'
import { type KubernetesCollectionOptions, kubernetesCollectionOptions } from '../../src/tanstack-db'
import { FakeApiServer, VirtualClock } from '../../src/testing'
import { createRandom } from '../../src/testing/random'

const KEY = 'shop/a'

async function setUp({ names = ['a'], ...options }: Partial<KubernetesCollectionOptions<ConfigMap>> & { names?: string[] } = {}) {
  const clock = new VirtualClock()
  const server = new FakeApiServer({ clock })
  const object = (name: string, data: Record<string, string> = {}): ConfigMap => ({ metadata: { name, namespace: 'shop' }, data })
  for (const name of names) server.create(ConfigMap, object(name, { size: '1' }))
  // The first watch is cut after five seconds.
  server.faults.add({ fault: { type: 'expire', afterMs: 5_000 } })
  const client = new KubeClient({ baseUrl: 'http://kubernetes.test', fetch: server.fetch })
  const source = createInformer(client, ConfigMap, { namespace: 'shop', clock, onWake: () => () => {}, onError: () => {} })
  const schedule = (work: () => void) => void clock.setTimeout(work, 16)
  const collection = createCollection({
    ...kubernetesCollectionOptions({ source, resource: ConfigMap, client, clock, schedule, ...options }),
    startSync: true,
    gcTime: 0,
  })
  const commits: string[][] = []
  collection.subscribeChanges((changes) => void commits.push(changes.map(({ type, key }) => `${type} ${key}`)))
  await clock.advance(100)
  await collection.stateWhenReady()
  commits.length = 0
  const update = (name: string, data: Record<string, string>) => {
    const known = server.get(ConfigMap, { name, namespace: 'shop' }) as ConfigMap
    return server.update(ConfigMap, { ...known, data })
  }
  const end = async () => {
    await collection.cleanup()
    await source.close()
  }
  return { clock, server, source, collection, commits, object, update, end }
}

describe('a collection of an informer', () => {
  it('[bindings/21] has the objects as rows, and commits the changes of a frame together', async () => {
    const { clock, collection, commits, server, object, update, end } = await setUp({ names: ['a', 'b'] })
    expect([...collection.keys()].sort()).toEqual(['shop/a', 'shop/b'])
    update('a', { size: '2' })
    server.create(ConfigMap, object('c'))
    server.delete(ConfigMap, { name: 'b', namespace: 'shop' })
    await clock.advance(100)
    expect(commits.map((commit) => commit.sort())).toEqual([['delete shop/b', 'insert shop/c', 'update shop/a']])
    expect(collection.get(KEY)?.data).toEqual({ size: '2' })
    await end()
  })

  it('[bindings/21] writes only the rows that differ when the list is read again', async () => {
    const { clock, collection, commits, server, update, end } = await setUp({ names: ['a', 'b', 'c'] })
    const lists = () => server.requests.filter(({ url }) => url.includes('sendInitialEvents')).length
    expect(lists()).toBe(1)
    server.faults.add({ fault: { type: 'refuse' } })
    await clock.advance(5_000)
    update('b', { size: '2' })
    server.compact()
    await clock.advance(60_000)
    expect(lists()).toBe(2)
    expect(commits.flat()).toEqual(['update shop/b'])
    expect(collection.size).toBe(3)
    await end()
  })

  it('[bindings/21] equals the store after a random history', async () => {
    const { clock, collection, server, source, object, update, end } = await setUp({ names: [] })
    const random = createRandom(3)
    for (let step = 0; step < 300; step++) {
      const name = `o${Math.floor(random.next() * 12)}`
      if (!server.get(ConfigMap, { name, namespace: 'shop' })) server.create(ConfigMap, object(name))
      else if (random.next() < 0.4) server.delete(ConfigMap, { name, namespace: 'shop' })
      else update(name, { step: String(step) })
      if (step % 10 > 0) continue
      await clock.advance(100)
      const rows = [...collection.values()].map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`)
      expect(rows.sort()).toEqual(
        source.indexer
          .list()
          .map((entry) => `${entry.name} ${entry.resourceVersion}`)
          .sort(),
      )
    }
    await end()
  })

  it('[bindings/22] shows an update at once, and no older value after the answer', async () => {
    const { clock, collection, server, end } = await setUp()
    const seen: (string | undefined)[] = []
    collection.subscribeChanges(() => void seen.push(collection.get(KEY)?.data?.size))
    const { isPersisted } = collection.update(KEY, (draft) => {
      draft.data = { size: '2' }
    })
    expect(collection.get(KEY)?.data).toEqual({ size: '2' })
    await clock.advance(200)
    await isPersisted.promise
    await clock.advance(200)
    expect(server.get(ConfigMap, { name: 'a', namespace: 'shop' })?.data).toEqual({ size: '2' })
    expect(new Set(seen)).toEqual(new Set(['2']))
    await end()
  })

  it('[bindings/22] rolls an update back with a ConflictError when another writer was faster', async () => {
    const { clock, collection, update, end } = await setUp()
    update('a', { size: 'theirs' })
    const { isPersisted } = collection.update(KEY, (draft) => {
      draft.data = { size: 'mine' }
    })
    const result = isPersisted.promise.catch((error: unknown) => error)
    await clock.advance(200)
    expect(isConflictError(await result)).toBe(true)
    await clock.advance(200)
    expect(collection.get(KEY)?.data).toEqual({ size: 'theirs' })
    await end()
  })

  it('[bindings/22] names the manager that owns a field when it applies', async () => {
    const { clock, collection, server, end } = await setUp({ write: { apply: { fieldManager: 'dashboard' } } })
    const message = 'Apply failed with 1 conflict: conflict with "kubectl" using v1: .data.size'
    const text = JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code: 409, reason: 'Conflict', message })
    server.faults.add({
      match: ({ method }) => method === 'PATCH',
      fault: { type: 'status', status: 409, text, headers: { 'content-type': 'application/json' } },
    })
    const { isPersisted } = collection.update(KEY, (draft) => {
      draft.data = { size: 'mine' }
    })
    const result = isPersisted.promise.then(
      () => 'applied',
      (error: unknown) => error,
    )
    await clock.advance(200)
    const error = await result
    expect([isConflictError(error), String(error)]).toEqual([true, expect.stringContaining('conflict with "kubectl"')])
    expect(server.requests.find(({ method }) => method === 'PATCH')?.url).toContain('fieldManager=dashboard')
    expect(collection.get(KEY)?.data).toEqual({ size: '1' })
    await end()
  })

  it('creates and deletes', async () => {
    const { clock, collection, server, object, end } = await setUp()
    const created = collection.insert(object('new', { size: '9' }))
    await clock.advance(200)
    await created.isPersisted.promise
    expect(server.get(ConfigMap, { name: 'new', namespace: 'shop' })?.data).toEqual({ size: '9' })
    const deleted = collection.delete('shop/new')
    await clock.advance(200)
    await deleted.isPersisted.promise
    expect([collection.has('shop/new'), server.get(ConfigMap, { name: 'new', namespace: 'shop' })]).toEqual([false, undefined])
    await end()
  })

  it('[bindings/22] ends a write that hangs after its time, and shows the rows that were held back', async () => {
    const { clock, collection, server, object, end } = await setUp({ mutationTimeoutMs: 1_000 })
    server.faults.add({ match: { verb: 'patch' }, fault: { type: 'delay', ms: 60_000 } })
    const { isPersisted } = collection.update(KEY, (draft) => {
      draft.data = { size: '2' }
    })
    const result = isPersisted.promise.catch((error: unknown) => error)
    server.create(ConfigMap, object('b'))
    await clock.advance(500)
    await clock.advance(1_000)
    expect(String(await result)).toMatch(/the write of ConfigMap shop\/a has not arrived in the informer within 1000 ms|abort/i)
    expect([collection.get(KEY)?.data?.size, collection.has('shop/b')]).toEqual(['1', true])
    await end()
  })

  it('is read-only without a client', async () => {
    const { collection, end } = await setUp({ client: undefined })
    expect(() => collection.delete(KEY)).toThrow()
    await end()
  })
})
