import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../src/api/object'
import type { Entry } from '../../src/codec/entry'
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

  it('a queue implements the store interface of a reflector', () => {
    const { queue } = make()
    const store: ReflectorStore<KubeObject> = queue
    expect(store.resourceVersion).toBe('')
  })

  describe('pop', () => {
    it('pop delivers items in order, and size counts the rest', async () => {
      const { queue } = make([], '1')
      queue.apply([added('a'), added('b')], '2')
      expect(queue.length).toBe(2)
      const items: string[] = []
      const item = await queue.pop((it) => void items.push(summary(it)))
      expect(items).toEqual(['Added a@1 → 1'])
      expect(item && summary(item)).toBe('Added a@1 → 1')
      expect(queue.length).toBe(1)
    })

    it('pop waits for an item', async () => {
      const { queue } = make([], '1')
      const popped = queue.pop(nothing)
      queue.apply([added('a', { rv: '2' })], '2')
      expect(summary((await popped) as QueueItem<KubeObject>)).toBe('Added a@2 → 2')
    })

    it('pop gives concurrent callers different items', async () => {
      const { queue } = make([], '1')
      const popped = [queue.pop(nothing), queue.pop(nothing)]
      queue.apply([added('a')], '2')
      queue.apply([added('b')], '3')
      const items = await Promise.all(popped)
      expect(items.map((item) => item && summary(item)).sort()).toEqual(['Added a@1 → 2', 'Added b@1 → 3'])
    })

    it('[feed/abort] pop resolves with undefined when its signal is aborted, and takes no item', async () => {
      const { queue } = make([], '1')
      const controller = new AbortController()
      const popped = queue.pop(nothing, { signal: controller.signal })
      controller.abort()
      expect(await popped).toBeUndefined()
      queue.apply([added('a')], '2')
      expect(await queue.pop(nothing, { signal: controller.signal })).toBeUndefined()
      expect(queue.length).toBe(1)
    })

    it('pop rejects with the error of the processing, and continues with the next item', async () => {
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
    it('close ends pending pops', async () => {
      const { queue } = make()
      const popped = [queue.pop(nothing), queue.popBatch(nothing)]
      queue.close()
      expect(await Promise.all(popped)).toEqual([undefined, undefined])
      expect(queue.closed).toBe(true)
    })

    it('close lets the rest be popped, and accepts no more items', async () => {
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

  describe('the version of a queue', () => {
    it("[resume/store-version] a queue reports the store's version, which does not move when an item is queued", async () => {
      const { queue, drain } = make([entry('a')], '5')
      queue.apply([modified('a', { rv: '6' })], '6')
      expect(queue.resourceVersion).toBe('5')
      await drain()
      expect(queue.resourceVersion).toBe('6')
    })

    it('[resume/store-version] the version during a batch is the one before the batch', async () => {
      const { queue, drain } = make([], '5')
      queue.apply([added('a', { rv: '6' }), added('b', { rv: '7' }), added('c', { rv: '8' })], '8')
      expect(await drain()).toEqual(['Added a@6 → 5', 'Added b@7 → 5', 'Added c@8 → 8'])
    })

    it('[watch/progress] a bookmark advances the version of a queue, alone or with the last waiting item', async () => {
      const { queue, store, drain } = make([], '5')
      queue.bookmark('6')
      expect(await drain()).toEqual([' → 6'])
      queue.apply([added('a', { rv: '7' })], '7')
      queue.bookmark('9')
      expect(await drain()).toEqual(['Added a@7 → 9'])
      expect(store.resourceVersion).toBe('9')
    })

    it('the version starts from a store that was hydrated before or after the queue was created', async () => {
      const { queue, store, drain } = make()
      store.hydrate([entry('a')], '5')
      expect(queue.resourceVersion).toBe('5')
      queue.apply([added('b', { rv: '6' }), added('c', { rv: '7' })], '7')
      expect(await drain()).toEqual(['Added b@6 → 5', 'Added c@7 → 7'])
    })

    it('[wire/malformed] the version is empty after the store drops an unreadable object, until a replacement is processed', async () => {
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
    it('hasSynced is false before the first item', () => {
      expect(make().queue.hasSynced).toBe(false)
    })

    it('hasSynced turns true once the first complete state is processed, and marks its items as initial', async () => {
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

    it('[informer/empty-list] hasSynced turns true for an empty list only after it is processed', async () => {
      const { queue, store, drain } = make()
      queue.replace([], '2')
      expect(queue.hasSynced).toBe(false)
      await drain()
      expect(queue.hasSynced).toBe(true)
      expect(store.resourceVersion).toBe('2')
    })

    it('hasSynced waits for the deletions of the first complete state', async () => {
      const { queue, store, drain } = make([entry('b'), entry('c')], '1')
      queue.replace([entry('a')], '2')
      while (queue.length > 0) {
        expect(queue.hasSynced).toBe(false)
        await drain(1)
      }
      expect(queue.hasSynced).toBe(true)
      expect(store.keys()).toEqual(['n/a'])
    })

    it('hasSynced is true at once when the first item is a change or a bookmark of an existing state', () => {
      const first = make([entry('a')], '1').queue
      first.apply([modified('a', { rv: '2' })], '2')
      expect(first.hasSynced).toBe(true)
      const second = make([entry('a')], '1').queue
      second.bookmark('2')
      expect(second.hasSynced).toBe(true)
    })

    it('hasSynced turns true although the processing throws', async () => {
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
    it('popBatch delivers all waiting items as one', async () => {
      const { queue, store } = make([], '1')
      queue.apply([added('a', { rv: '2' }), added('b', { rv: '3' })], '3')
      queue.apply([added('c', { rv: '4' })], '4')
      const item = await queue.popBatch((it) => applyItem(store, it))
      expect(item && summary(item)).toBe('Added a@2, Added b@3, Added c@4 → 4')
      expect(queue.length).toBe(0)
      expect(store.size).toBe(3)
    })

    it('popBatch delivers at most its limit', async () => {
      const { queue } = make([], '1')
      queue.apply([added('a'), added('b'), added('c')], '4')
      expect((await queue.popBatch(nothing, { limit: 2 }))?.deltas.map(line)).toEqual(['Added a@1', 'Added b@1'])
      expect((await queue.popBatch(nothing, { limit: 2 }))?.deltas.map(line)).toEqual(['Added c@1'])
    })

    it('popBatch refuses a limit below one', async () => {
      await expect(make().queue.popBatch(nothing, { limit: 0 })).rejects.toThrow(/limit must be at least 1, got 0/)
    })

    it('popBatch separates the first complete state from later changes', async () => {
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
