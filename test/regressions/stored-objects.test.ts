import { describe, expect, test } from 'vitest'
import type { InformerOptions } from '../../src/informer/create-informer'
import { type MemoryStorage, memoryPersister } from '../../src/persistence/memory/memory-persister'
import type { Persister } from '../../src/persistence/persister'
import type { ConfigMap } from '../../src/resources/core/v1'
import { World } from '../conformance/world'
import { noting, Scene } from '../informer/support'

// A stored state can be damaged, made by another version of the application, or changed by whoever uses the browser. It is checked like what the
// server sends: a bad record costs one list, and never reaches a handler or an early row.

/** A storage that holds what an informer has stored. */
async function storedBy(world: World, options: InformerOptions<ConfigMap> = {}): Promise<MemoryStorage> {
  const storage: MemoryStorage = new Map()
  const scene = new Scene(world, { ...options, persist: { to: memoryPersister(storage) } })
  await world.advance(1_000)
  await scene.informer.close()
  expect([...storage.values()].map(({ texts }) => texts.size)).toEqual([2])
  return storage
}

const textOf = (fields: Record<string, unknown>, metadata: Record<string, unknown> = {}): string =>
  JSON.stringify({
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { name: 'b', namespace: 'shop', uid: 'u', resourceVersion: '102', ...metadata },
    ...fields,
  })

interface Bad {
  readonly record: readonly [key: string, text: string]
  readonly why: RegExp
  readonly options?: InformerOptions<ConfigMap>
}

const noEvil = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value: unknown) =>
      JSON.stringify(value).includes('evil') ? { issues: [{ message: 'evil is not allowed' }] } : { value: value as ConfigMap },
  },
} as const

const bad: Record<string, Bad> = {
  'of another kind': { record: ['shop/b', textOf({ kind: 'Secret' })], why: /expected ConfigMap \(v1\), got Secret/ },
  'of another API version': { record: ['shop/b', textOf({ apiVersion: 'v2' })], why: /got ConfigMap \(v2\)/ },
  'without a kind': { record: ['shop/b', textOf({ kind: undefined })], why: /got undefined/ },
  'under the key of another object': { record: ['shop/b', textOf({}, { name: 'c' })], why: /the object stored as shop\/b is shop\/c/ },
  'under the key of another namespace': {
    record: ['shop/b', textOf({}, { namespace: 'kube-system' })],
    why: /the object stored as shop\/b is kube-system\/b/,
  },
  'of another namespace than the informer reads': {
    record: ['kube-system/b', textOf({}, { namespace: 'kube-system' })],
    why: /kube-system\/b is stored among the objects of the namespace shop/,
    options: { namespace: 'shop' },
  },
  'without a name': { record: ['shop/b', textOf({}, { name: undefined })], why: /metadata.name/ },
  'that is not JSON': { record: ['shop/b', 'nonsense'], why: /not a JSON object/ },
  'that its schema refuses': {
    record: ['shop/b', textOf({ data: { is: 'evil' } })],
    why: /evil is not allowed/,
    options: { expectedType: noEvil },
  },
}

describe('a stored object', () => {
  for (const [what, { record, why, options = {} }] of Object.entries(bad)) {
    test(`${what} costs one list: it is reported, and neither a handler nor an early row sees anything of it`, async () => {
      const world = new World(['a', 'b'])
      const storage = await storedBy(world, options)
      const [{ texts }] = storage.values() as unknown as [{ texts: Map<string, string> }]
      texts.delete('shop/b')
      texts.set(...record)
      const early: string[] = []
      await using scene = new Scene(world, {
        ...options,
        persist: { to: memoryPersister(storage) },
        onArrival: (entries) => void early.push(...entries.map(({ key, text }) => `${key} ${JSON.parse(text).kind}`)),
      })
      const notes: string[] = []
      scene.informer.addEventHandler(noting(notes))
      await world.advance(2_000)
      expect(notes).toEqual(['+a@101!', '+b@102!'])
      expect(early.every((row) => ['shop/a ConfigMap', 'shop/b ConfigMap'].includes(row))).toBe(true)
      expect(scene.errors).toHaveLength(1)
      expect(scene.errors[0]).toMatch(why)
      expect(scene.errors[0]).toMatch(/the stored state is not used, the objects are listed instead/)
      expect(scene.requests.filter(({ searchParams }) => searchParams.has('sendInitialEvents'))).toHaveLength(1)
      expect(scene.informer.persistence?.status).toBe('active')
      expect([...texts.keys()].length).toBe(2)
      expect(scene.informer.status.source).toBe('stream')
    })
  }

  test('a stored object that comes twice, from a persister with a fault, is not used', async () => {
    const world = new World(['a', 'b'])
    const persister = memoryPersister(await storedBy(world))
    const twice: Persister = {
      ...persister,
      load: async (scope, options) => {
        const snapshot = await persister.load(scope, { ...options, onRecords: undefined })
        return snapshot && { ...snapshot, records: [...snapshot.records, ...snapshot.records] }
      },
    }
    await using scene = new Scene(world, { persist: { to: twice } })
    await world.advance(2_000)
    expect(scene.errors).toEqual([expect.stringMatching(/shop\/b is stored twice/)])
    expect(scene.informer.status.source).toBe('stream')
  })

  test('a stored object without a version of the whole state is not used', async () => {
    const world = new World(['a', 'b'])
    const persister = memoryPersister(await storedBy(world))
    const unversioned: Persister = {
      ...persister,
      load: async (scope, options) => {
        const snapshot = await persister.load(scope, options)
        return snapshot && { ...snapshot, resourceVersion: '' }
      },
    }
    await using scene = new Scene(world, { persist: { to: unversioned } })
    await world.advance(2_000)
    expect(scene.errors).toEqual([expect.stringMatching(/it has no resourceVersion/)])
    expect(scene.informer.status.source).toBe('stream')
  })
})
