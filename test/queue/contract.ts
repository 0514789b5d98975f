import { describe, expect, it } from 'vitest'
import type { Entry } from '../../src/meta/entry'
import type { KubeObject } from '../../src/meta/object'
import { applyItem } from '../../src/queue/apply-item'
import type { Delta, KnownObjects, Queue, QueueItem } from '../../src/queue/queue'
import type { ReflectorStore } from '../../src/reflector/options'
import { Store } from '../../src/store/store'
import { entry, unreadable } from '../store/entries'

export const added = (name: string, options?: { rv?: string; uid?: string }) => ({ type: 'ADDED' as const, entry: entry(name, options) })
export const modified = (name: string, options?: { rv?: string; uid?: string }) => ({
  type: 'MODIFIED' as const,
  entry: entry(name, options),
})
export const deleted = (name: string, options?: { rv?: string; uid?: string }) => ({
  type: 'DELETED' as const,
  entry: entry(name, options),
})

/** `Added a@1`, `Deleted a@1?` where the final state is unknown, `ReplacedAll a@1 b@2`, `SyncAll`. */
export function line<T>(delta: Delta<T>): string {
  const name = (it: Entry<T>) => `${it.name}@${it.resourceVersion}`
  if (delta.type === 'SyncAll') return 'SyncAll'
  if (delta.type === 'ReplacedAll') return ['ReplacedAll', ...delta.entries.map(name)].join(' ')
  return `${delta.type} ${name(delta.entry)}${delta.type === 'Deleted' && delta.finalStateUnknown ? '?' : ''}`
}

/** One line for an item: its deltas, and the version it leads to. */
export const summary = <T>({ deltas, resourceVersion }: QueueItem<T>): string => `${deltas.map(line).join(', ')} → ${resourceVersion}`

export type MakeQueue = (known: KnownObjects<KubeObject>) => Queue<KubeObject>

/** A store with a state, and a queue before it. */
export function setUp(makeQueue: MakeQueue, known: readonly Entry<KubeObject>[] = [], resourceVersion = '') {
  const store = new Store<KubeObject>()
  if (resourceVersion) store.replace(known, resourceVersion)
  const queue = makeQueue(store)
  return {
    store,
    queue,
    /** Takes what waits, one by one, and applies it; gives a line for each item. */
    async drain(count = queue.length): Promise<string[]> {
      const lines: string[] = []
      while (lines.length < count) {
        const item = await queue.pop((it) => applyItem(store, it))
        if (!item) break
        lines.push(summary(item))
      }
      return lines
    },
  }
}

/** What every queue must do: client-go's `cache.Queue`, and what this library promises beyond it. */
export function queueContract(makeQueue: MakeQueue): void {
  const make = (known?: readonly Entry<KubeObject>[], resourceVersion?: string) => setUp(makeQueue, known, resourceVersion)
  const nothing = () => undefined

  it('stands where a reflector expects a store', () => {
    const { queue } = make()
    const store: ReflectorStore<KubeObject> = queue
    expect(store.resourceVersion).toBe('')
  })

  describe('pop', () => {
    it('hands over what was queued first, and counts what waits', async () => {
      const { queue } = make([], '1')
      queue.apply([added('a'), added('b')], '2')
      expect(queue.length).toBe(2)
      const items: string[] = []
      const item = await queue.pop((it) => void items.push(summary(it)))
      expect(items).toEqual(['Added a@1 → 1'])
      expect(item && summary(item)).toBe('Added a@1 → 1')
      expect(queue.length).toBe(1)
    })

    it('waits until there is something', async () => {
      const { queue } = make([], '1')
      const popped = queue.pop(nothing)
      queue.apply([added('a', { rv: '2' })], '2')
      expect(summary((await popped) as QueueItem<KubeObject>)).toBe('Added a@2 → 2')
    })

    it('gives each of several who wait something else', async () => {
      const { queue } = make([], '1')
      const popped = [queue.pop(nothing), queue.pop(nothing)]
      queue.apply([added('a')], '2')
      queue.apply([added('b')], '3')
      const items = await Promise.all(popped)
      expect(items.map((item) => item && summary(item)).sort()).toEqual(['Added a@1 → 2', 'Added b@1 → 3'])
    })

    it('31. gives undefined as soon as its signal is aborted, and takes nothing', async () => {
      const { queue } = make([], '1')
      const controller = new AbortController()
      const popped = queue.pop(nothing, { signal: controller.signal })
      controller.abort()
      expect(await popped).toBeUndefined()
      queue.apply([added('a')], '2')
      expect(await queue.pop(nothing, { signal: controller.signal })).toBeUndefined()
      expect(queue.length).toBe(1)
    })

    it('rejects with what the processing throws, and goes on with the next item', async () => {
      const { queue } = make([], '1')
      queue.apply([added('a'), added('b')], '2')
      const mistake = new Error('a consumer’s mistake')
      const fail = () => {
        throw mistake
      }
      await expect(queue.pop(fail)).rejects.toBe(mistake)
      const item = await queue.pop(nothing)
      expect(item && summary(item)).toBe('Added b@1 → 2')
    })
  })

  describe('close', () => {
    it('ends whoever waits', async () => {
      const { queue } = make()
      const popped = [queue.pop(nothing), queue.popBatch(nothing)]
      queue.close()
      expect(await Promise.all(popped)).toEqual([undefined, undefined])
      expect(queue.closed).toBe(true)
    })

    it('lets what waits be taken, and lets nothing more in', async () => {
      const { queue } = make([], '1')
      queue.apply([added('a')], '2')
      queue.close()
      queue.apply([added('b')], '3')
      queue.replace([entry('c')], '4')
      queue.bookmark('5')
      queue.resync()
      const item = await queue.pop(nothing)
      expect(item && summary(item)).toBe('Added a@1 → 2')
      expect(await queue.pop(nothing)).toBeUndefined()
    })
  })

  describe('16. the version', () => {
    it('is the store’s: it does not move because something was queued', async () => {
      const { queue, drain } = make([entry('a')], '5')
      queue.apply([modified('a', { rv: '6' })], '6')
      expect(queue.resourceVersion).toBe('5')
      await drain()
      expect(queue.resourceVersion).toBe('6')
    })

    it('of an item in the midst of a batch is the one before the batch', async () => {
      const { queue, drain } = make([], '5')
      queue.apply([added('a', { rv: '6' }), added('b', { rv: '7' }), added('c', { rv: '8' })], '8')
      expect(await drain()).toEqual(['Added a@6 → 5', 'Added b@7 → 5', 'Added c@8 → 8'])
    })

    it('27. comes with a bookmark, by itself or with the last that waits', async () => {
      const { queue, store, drain } = make([], '5')
      queue.bookmark('6')
      expect(await drain()).toEqual([' → 6'])
      queue.apply([added('a', { rv: '7' })], '7')
      queue.bookmark('9')
      expect(await drain()).toEqual(['Added a@7 → 9'])
      expect(store.resourceVersion).toBe('9')
    })

    it('begins with what the store was hydrated with, also after the queue was made', async () => {
      const { queue, store, drain } = make()
      store.hydrate([entry('a')], '5')
      expect(queue.resourceVersion).toBe('5')
      queue.apply([added('b', { rv: '6' }), added('c', { rv: '7' })], '7')
      expect(await drain()).toEqual(['Added b@6 → 5', 'Added c@7 → 7'])
    })

    it('25. is gone when the store dropped an object that cannot be read, until a replacement was processed', async () => {
      const { queue, store, drain } = make([unreadable('a'), entry('b')], '5')
      const told: string[] = []
      queue.onUnreadable(({ key }) => void told.push(key))
      queue.apply([modified('b', { rv: '6' })], '6')
      queue.bookmark('7')
      expect(() => store.get('n/a')?.object).toThrow(/not JSON/)
      expect(told).toEqual(['n/a'])
      queue.apply([modified('b', { rv: '8' })], '8')
      await drain()
      expect(store.resourceVersion).toBe('')
      queue.apply([modified('b', { rv: '9' })], '9')
      queue.replace([entry('a'), entry('b', { rv: '9' })], '10')
      await drain(1)
      const versions = [store.resourceVersion]
      await drain()
      versions.push(store.resourceVersion)
      expect(versions).toEqual(['', '10'])
      expect(store.size).toBe(2)
    })
  })

  describe('hasSynced', () => {
    it('is false before anything came', () => {
      expect(make().queue.hasSynced).toBe(false)
    })

    it('comes when the first complete state was processed, and all of it says that it belongs to that', async () => {
      const { queue, store } = make()
      queue.replace([entry('a'), entry('b')], '2')
      queue.apply([added('c')], '3')
      const seen: string[] = []
      while (queue.length > 0) {
        await queue.pop((item) => {
          for (const delta of item.deltas) seen.push(`${line(delta)} ${item.isInInitialList} ${queue.hasSynced}`)
          applyItem(store, item)
        })
      }
      expect(seen.at(-1)).toBe('Added c@1 false true')
      expect(seen.slice(0, -1).every((it) => it.endsWith(' true false'))).toBe(true)
      expect(queue.hasSynced).toBe(true)
    })

    it('38. comes for an empty list too, and only after it was processed', async () => {
      const { queue, store, drain } = make()
      queue.replace([], '2')
      expect(queue.hasSynced).toBe(false)
      await drain()
      expect(queue.hasSynced).toBe(true)
      expect(store.resourceVersion).toBe('2')
    })

    it('comes with the objects that the first complete state makes disappear', async () => {
      const { queue, store, drain } = make([entry('b'), entry('c')], '1')
      queue.replace([entry('a')], '2')
      while (queue.length > 0) {
        expect(queue.hasSynced).toBe(false)
        await drain(1)
      }
      expect(queue.hasSynced).toBe(true)
      expect(store.keys()).toEqual(['n/a'])
    })

    it('is true at once where a change or a bookmark comes first: the state is there', () => {
      const first = make([entry('a')], '1').queue
      first.apply([modified('a', { rv: '2' })], '2')
      expect(first.hasSynced).toBe(true)
      const second = make([entry('a')], '1').queue
      second.bookmark('2')
      expect(second.hasSynced).toBe(true)
    })

    it('comes although the processing threw', async () => {
      const { queue } = make()
      queue.replace([entry('a')], '1')
      const fail = () => {
        throw new Error('a consumer’s mistake')
      }
      await expect(queue.pop(fail)).rejects.toThrow()
      expect(queue.hasSynced).toBe(true)
    })
  })

  describe('popBatch', () => {
    it('hands over everything that waits as one item', async () => {
      const { queue, store } = make([], '1')
      queue.apply([added('a', { rv: '2' }), added('b', { rv: '3' })], '3')
      queue.apply([added('c', { rv: '4' })], '4')
      const item = await queue.popBatch((it) => applyItem(store, it))
      expect(item && summary(item)).toBe('Added a@2, Added b@3, Added c@4 → 4')
      expect(queue.length).toBe(0)
      expect(store.size).toBe(3)
    })

    it('takes no more than its limit', async () => {
      const { queue } = make([], '1')
      queue.apply([added('a'), added('b'), added('c')], '4')
      expect((await queue.popBatch(nothing, { limit: 2 }))?.deltas.map(line)).toEqual(['Added a@1', 'Added b@1'])
      expect((await queue.popBatch(nothing, { limit: 2 }))?.deltas.map(line)).toEqual(['Added c@1'])
    })

    it('takes at least one: a lower limit is refused', async () => {
      await expect(make().queue.popBatch(nothing, { limit: 0 })).rejects.toThrow(/the limit is 0/)
    })

    it('keeps the first complete state apart from what came later', async () => {
      const { queue } = make()
      queue.replace([entry('a'), entry('b')], '2')
      queue.apply([added('c')], '3')
      const items: string[] = []
      while (queue.length > 0)
        await queue.popBatch((item) => void items.push(`${item.deltas.length > 0} ${item.isInInitialList} ${item.resourceVersion}`))
      expect(items).toEqual(['true true 2', 'true false 3'])
    })
  })
}
