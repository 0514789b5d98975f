import { describe, expect, test } from 'vitest'
import type { KubeClientOptions } from '../../src/http/client'
import { KubeClient } from '../../src/http/client'
import { createInformer } from '../../src/informer/create-informer'
import { type MemoryStorage, memoryPersister } from '../../src/persistence/memory/memory-persister'
import { ConfigMap } from '../../src/resources/core/v1'
import type { EntryClient } from '../../src/source/list-watch'
import { World } from '../conformance/world'
import { quiet } from '../informer/support'

/** What an informer of this client says and has stored after a while. */
async function life(world: World, storage: MemoryStorage, client: EntryClient, options: { user?: string } = {}) {
  const errors: unknown[] = []
  const informer = createInformer(client, ConfigMap, {
    ...quiet(world),
    persist: { to: memoryPersister(storage), ...options },
    onError: (error) => void errors.push(error),
  })
  await world.settle()
  const { source } = informer.status
  await world.advance(2_000)
  const { state } = informer
  await informer.close()
  return { state, source, size: informer.store.size, errors, stored: storage.size }
}

const clientOf = (world: World, options: KubeClientOptions = {}) =>
  new KubeClient({ baseUrl: world.baseUrl, fetch: (request) => world.fetch(request), ...options })

describe('a client that authenticates, with a persister and no user', () => {
  const credentials: Record<string, KubeClientOptions> = {
    'a fixed token': { token: 'secret-of-ann' },
    'a token provider': { token: () => 'secret-of-ann' },
    'an Authorization header': { headers: { authorization: 'Basic secret-of-ann' } },
  }
  for (const [what, options] of Object.entries(credentials)) {
    test(`a client that authenticates, with a persister and no user, stores and loads nothing, says so once, and runs from memory: ${what}`, async () => {
      const world = new World(['a'])
      const storage: MemoryStorage = new Map()
      const { state, size, errors, stored } = await life(world, storage, clientOf(world, options))
      expect({ state, size, stored }).toEqual({ state: 'live', size: 1, stored: 0 })
      expect(errors).toMatchObject([{ name: 'PersistenceError', code: 'refused', message: expect.stringContaining('give `persist.user`') }])
      expect(String(errors[0])).not.toContain('secret')
    })
  }

  test('a client that authenticates stores for the named user, and a second token of the same user finds the state', async () => {
    const world = new World(['a'])
    const storage: MemoryStorage = new Map()
    expect(await life(world, storage, clientOf(world, { token: 'first' }), { user: 'ann' })).toMatchObject({ errors: [], stored: 1 })
    expect(await life(world, storage, clientOf(world, { token: 'second' }), { user: 'ann' })).toMatchObject({ source: 'persisted' })
    expect(await life(world, storage, clientOf(world, { token: 'third' }), { user: 'bob' })).toMatchObject({ source: 'stream' })
  })

  test('a client that authenticates stores when the user is the empty string, which says that there is only one', async () => {
    const world = new World(['a'])
    expect(await life(world, new Map(), clientOf(world, { token: 't' }), { user: '' })).toMatchObject({ errors: [], stored: 1 })
  })
})

test('a client without credentials of its own, as behind kubectl proxy, stores without a user', async () => {
  const world = new World(['a'])
  const storage: MemoryStorage = new Map()
  expect(await life(world, storage, clientOf(world))).toMatchObject({ errors: [], stored: 1 })
  expect(await life(world, storage, clientOf(world))).toMatchObject({ source: 'persisted' })
})

test('what was stored while one identity was impersonated is never shown to another', async () => {
  const world = new World(['a'])
  const storage: MemoryStorage = new Map()
  const as = (impersonates: string | undefined): EntryClient => {
    const client = clientOf(world)
    return {
      baseUrl: client.baseUrl,
      impersonates,
      listEntries: (resource, options) => client.listEntries(resource, options),
      watchEntries: (resource, options) => client.watchEntries(resource, options),
    }
  }
  for (const identity of ['user=bob', 'user=bob groups=["admins"]', undefined]) {
    expect(await life(world, storage, as(identity), { user: 'ann' })).toMatchObject({ source: 'stream' })
    expect(await life(world, storage, as(identity), { user: 'ann' })).toMatchObject({ source: 'persisted' })
  }
  expect(storage.size).toBe(3)
  await memoryPersister(storage).clear({ user: 'ann' })
  expect(storage.size).toBe(0)
})
