import { afterEach, describe, expect, it, vi } from 'vitest'
import { metaNamespaceKey } from '../../src/api/keys'
import type { KubeObject } from '../../src/api/object'
import type { Entry } from '../../src/codec/entry'
import type { Store } from '../../src/store/store'
import { entry, record, unreadable } from './entries'

const added = (...entries: Entry<KubeObject>[]) => entries.map((it) => ({ type: 'ADDED' as const, entry: it }))
const deleted = (...entries: Entry<KubeObject>[]) => entries.map((it) => ({ type: 'DELETED' as const, entry: it }))

/** What every store must do: client-go's `cache.Store`, and what this library promises beyond it. */
export function storeContract(makeStore: () => Store<KubeObject>): void {
  afterEach(() => {
    vi.restoreAllMocks()
    vi.unstubAllGlobals()
  })

  describe('reads', () => {
    it('reads return what was put, by key, by object and by name', () => {
      const store = makeStore()
      const a = entry('a')
      store.replace([a, entry('b')], '5')
      expect(store.get('n/a')).toBe(a)
      expect(store.get(a)).toBe(a)
      expect(store.get({ metadata: { name: 'a', namespace: 'n' } })).toBe(a)
      expect(store.get({ name: 'a', namespace: 'n' })).toBe(a)
      expect(store.list().map(({ name }) => name)).toEqual(['a', 'b'])
      expect(store.keys()).toEqual(['n/a', 'n/b'])
      expect(store.size).toBe(2)
    })

    it('reads return the key of an entry, whether the store has it or not', () => {
      expect(makeStore().keyOf(entry('a'))).toBe('n/a')
    })

    it('reads return undefined for an object that the store lacks', () => {
      expect(makeStore().get('n/a')).toBeUndefined()
      expect(makeStore().get({ name: 'a' })).toBeUndefined()
    })

    it('reads return lists that later steps do not change', () => {
      const store = makeStore()
      store.replace([entry('a')], '1')
      const [list, keys] = [store.list(), store.keys()]
      store.replace([], '2')
      expect(list).toHaveLength(1)
      expect(keys).toEqual(['n/a'])
    })

    it('reads return the same list until something changes', () => {
      const store = makeStore()
      store.replace([entry('a'), entry('b')], '1')
      const list = store.list()
      store.bookmark('2')
      store.resync()
      store.apply(added(entry('a')), '3')
      expect(store.list()).toBe(list)
      const changes = [
        () => store.apply(added(entry('a', { rv: '2' })), '4'),
        () => store.add(entry('c')),
        () => store.delete(entry('c')),
        () => store.replace([unreadable('d')], '5'),
        () => expect(() => store.get('n/d')?.object).toThrow(),
      ]
      for (const change of changes) {
        const before = store.list()
        change()
        expect(store.list()).not.toBe(before)
        expect(store.list()).toHaveLength(store.size)
      }
    })

    it('reads parse nothing', () => {
      const store = makeStore()
      const parse = vi.spyOn(JSON, 'parse')
      store.replace([entry('a')], '1')
      store.apply(added(entry('a', { rv: '2' })), '2')
      store.resync()
      store.list()
      store.get('n/a')
      expect(parse).not.toHaveBeenCalled()
    })
  })

  describe('add, update and delete', () => {
    it('add, update and delete accept objects and entries, and do not change the version', () => {
      const store = makeStore()
      store.replace([], '5')
      const seen = record(store)
      store.add({ metadata: { name: 'a', namespace: 'n', uid: 'u' } })
      store.update({ metadata: { name: 'a', namespace: 'n', uid: 'u', labels: { x: 'y' } } })
      store.add(entry('b'))
      store.delete({ metadata: { name: 'a', namespace: 'n' } })
      store.delete({ metadata: { name: 'a', namespace: 'n' } })
      expect(seen).toEqual(['apply 5: added a', 'apply 5: updated a →', 'apply 5: added b', 'apply 5: deleted a'])
      expect(store.resourceVersion).toBe('5')
    })

    it('add, update and delete accept an object with any member names', () => {
      const store = makeStore()
      store.add({ metadata: { name: 'a' }, key: 'k', text: 't' } as KubeObject)
      expect(store.get('a')?.object).toEqual({ metadata: { name: 'a' }, key: 'k', text: 't' })
    })

    it('add, update and delete report an object with another uid as a deletion of the old and an addition of the new', () => {
      const store = makeStore()
      store.add(entry('a'))
      const seen = record(store)
      store.update(entry('a', { uid: 'other' }))
      expect(seen).toEqual(['apply : deleted a, added a'])
    })

    it('add, update and delete refuse an object without a name', () => {
      expect(() => makeStore().add({ metadata: {} })).toThrow(/metadata\.name/)
      expect(() => makeStore().delete({ metadata: {} })).toThrow(/metadata\.name/)
    })
  })

  describe('replace', () => {
    it('[store/replace] replace shows the complete new state to the first listener', () => {
      const store = makeStore()
      store.replace([entry('a'), entry('b')], '1')
      const seen: unknown[] = []
      store.subscribe(() => void seen.push([store.keys().sort(), store.resourceVersion]))
      store.replace([entry('b', { rv: '2' }), entry('c')], '2')
      expect(seen).toEqual([[['n/b', 'n/c'], '2']])
    })

    it('[store/replace] replace reports deletions before additions and updates', () => {
      const store = makeStore()
      store.replace([entry('a'), entry('b'), entry('c')], '1')
      const seen = record(store)
      store.replace([entry('z'), entry('b', { rv: '2' })], '2')
      expect(seen).toEqual(['replace 2: deleted a, deleted c, added z, updated b 1→2'])
    })

    it('[store/replace] replace reports deletions with the store’s last state', () => {
      const store = makeStore()
      const a = entry('a')
      store.replace([a], '1')
      const gone: unknown[] = []
      store.subscribe(({ changes }) => void gone.push(...changes.map((change) => change.entry)))
      store.replace([], '2')
      expect(gone).toEqual([a])
    })

    it('[informer/empty-list] replace by nothing is a step too', () => {
      const store = makeStore()
      const seen = record(store)
      store.replace([], '1')
      expect(seen).toEqual(['replace 1: '])
    })

    it('[store/same-version] replace keeps the entry, and reports nothing, where uid and version are the same', () => {
      const store = makeStore()
      const a = entry('a')
      store.replace([a], '1')
      const seen = record(store)
      store.replace([entry('a')], '2')
      expect(store.get('n/a')).toBe(a)
      expect(seen).toEqual(['replace 2: '])
    })

    it('[store/replace] replace reports an update where there is no version to compare', () => {
      const store = makeStore()
      store.replace([entry('a', { rv: '' })], '1')
      const seen = record(store)
      store.replace([entry('a', { rv: '' })], '2')
      expect(seen).toEqual(['replace 2: updated a →'])
    })

    it('[store/new-uid] replace reports an object with another uid as a deletion of the old and an addition of the new', () => {
      const store = makeStore()
      store.replace([entry('a'), entry('b')], '1')
      const seen = record(store)
      store.replace([entry('a', { rv: '2', uid: 'other' }), entry('b')], '2')
      expect(seen).toEqual(['replace 2: deleted a, added a'])
    })

    it('[store/replace] replace keeps the last of several entries with one key', () => {
      const store = makeStore()
      store.replace([entry('a'), entry('a', { rv: '2' })], '2')
      expect(store.size).toBe(1)
      expect(store.get('n/a')?.resourceVersion).toBe('2')
    })
  })

  describe('apply', () => {
    it('[store/event-type] apply decides whether an object is new, changed or deleted', () => {
      const store = makeStore()
      store.replace([entry('a')], '1')
      const seen = record(store)
      store.apply([...added(entry('a', { rv: '2' })), { type: 'MODIFIED', entry: entry('b') }, ...deleted(entry('c'))], '3')
      expect(seen).toEqual(['apply 3: updated a 1→2, added b'])
      expect(store.keys()).toEqual(['n/a', 'n/b'])
      expect(store.resourceVersion).toBe('3')
    })

    it('[store/event-type] apply keeps the order of the wire, with several changes of one object', () => {
      const store = makeStore()
      const seen = record(store)
      store.apply(
        [
          ...added(entry('a')),
          ...added(entry('a', { rv: '2' })),
          ...deleted(entry('a', { rv: '3' })),
          ...added(entry('a', { rv: '4', uid: 'next' })),
        ],
        '4',
      )
      expect(seen).toEqual(['apply 4: added a, updated a 1→2, deleted a, added a'])
    })

    it('[store/event-type] apply reports a deletion with its own state of the object', () => {
      const store = makeStore()
      store.replace([entry('a')], '1')
      const last = entry('a', { rv: '2' })
      const gone: unknown[] = []
      store.subscribe(({ changes }) => void gone.push(...changes.map((change) => change.entry)))
      store.apply(deleted(last), '2')
      expect(gone).toEqual([last])
      expect(store.size).toBe(0)
    })

    it('[store/event-type] apply does not report an object at the store’s version: a replayed event', () => {
      const store = makeStore()
      const a = entry('a')
      store.replace([a], '1')
      const seen = record(store)
      store.apply(added(entry('a')), '2')
      expect(seen).toEqual(['apply 2: '])
      expect(store.get('n/a')).toBe(a)
    })

    it('[store/new-uid] apply reports an object with another uid as a deletion of the old and an addition of the new', () => {
      const store = makeStore()
      store.replace([entry('a')], '1')
      const seen = record(store)
      store.apply(added(entry('a', { rv: '1', uid: 'other' })), '2')
      expect(seen).toEqual(['apply 2: deleted a, added a'])
    })

    it('[store/new-uid] apply does not delete an object because another one with its name was deleted', () => {
      const store = makeStore()
      store.replace([entry('a', { uid: 'new' })], '1')
      const seen = record(store)
      store.apply(deleted(entry('a', { uid: 'old' })), '2')
      expect(seen).toEqual(['apply 2: '])
      expect(store.size).toBe(1)
    })

    it('[watch/progress] apply of nothing is a bookmark: the version advances, and subscribers receive no change', () => {
      const store = makeStore()
      store.replace([entry('a')], '1')
      const seen = record(store)
      store.bookmark('9')
      expect(seen).toEqual(['apply 9: '])
      expect(store.resourceVersion).toBe('9')
    })
  })

  describe('resync', () => {
    it('[informer/resync-and-relist] resync reports every object again, without a change', () => {
      const store = makeStore()
      store.replace([entry('a'), entry('b')], '5')
      const seen = record(store)
      store.resync()
      expect(seen).toEqual(['resync 5: resynced a, resynced b'])
    })
  })

  describe('hydrate', () => {
    it('hydrate gives a state to a store that has none', () => {
      const store = makeStore()
      const seen = record(store)
      expect(store.hydrate([entry('a')], '5')).toBe(true)
      expect(seen).toEqual(['replace 5: added a'])
      expect(store.resourceVersion).toBe('5')
    })

    it('hydrate loses to the network: a store that has a version stays as it is', () => {
      const store = makeStore()
      store.replace([], '7')
      const seen = record(store)
      expect(store.hydrate([entry('a')], '5')).toBe(false)
      expect(seen).toEqual([])
      expect(store.size).toBe(0)
      expect(store.resourceVersion).toBe('7')
    })
  })

  describe('an entry whose text does not parse', () => {
    it('[wire/malformed] an entry whose text does not parse is dropped on reading, together with the version, and the listener that can fetch it again is called', () => {
      const store = makeStore()
      store.replace([unreadable('a'), entry('b')], '5')
      const seen = record(store)
      const told: string[] = []
      store.onUnreadable(({ key }) => void told.push(key))
      const broken = store.get('n/a')
      expect(() => broken?.object).toThrow(/the text of n\/a is not JSON/)
      expect(() => broken?.object).toThrow(/the text of n\/a is not JSON/)
      expect(told).toEqual(['n/a'])
      expect(seen).toEqual(['apply : deleted a'])
      expect(store.keys()).toEqual(['n/b'])
      expect(store.resourceVersion).toBe('')
    })

    it('[wire/malformed] an entry whose text does not parse is dropped without its successor', () => {
      const store = makeStore()
      store.replace([unreadable('a')], '1')
      const broken = store.get('n/a')
      store.apply(added(entry('a', { rv: '2' })), '2')
      const seen = record(store)
      expect(() => broken?.object).toThrow()
      store.replace([entry('a', { rv: '3' })], '3')
      expect(() => broken?.object).toThrow()
      expect(seen).toEqual(['replace 3: updated a 2→3'])
      expect(store.resourceVersion).toBe('3')
    })

    it('[wire/malformed] an entry whose text does not parse drops nothing after it was deleted', () => {
      const store = makeStore()
      store.replace([unreadable('a'), unreadable('b')], '1')
      const [a, b] = store.list()
      store.delete({ name: 'a', namespace: 'n' })
      store.replace([], '2')
      const seen = record(store)
      expect(() => a?.object).toThrow()
      expect(() => b?.object).toThrow()
      expect(seen).toEqual([])
      expect(store.resourceVersion).toBe('2')
    })

    it('[wire/malformed] an entry whose text does not parse, read by a listener, reaches the others as added first and deleted then', () => {
      const store = makeStore()
      const reportError = vi.fn()
      vi.stubGlobal('reportError', reportError)
      store.subscribe(({ changes }) => {
        for (const change of changes) if (change.type === 'added') void change.entry.object
      })
      const seen = record(store)
      store.replace([unreadable('a')], '1')
      expect(seen).toEqual(['replace 1: added a', 'apply : deleted a'])
      expect(reportError).toHaveBeenCalledOnce()
    })
  })

  describe('listeners', () => {
    it('listeners that throw are reported, and affect neither the others nor the store', () => {
      const store = makeStore()
      const reportError = vi.fn()
      vi.stubGlobal('reportError', reportError)
      const mistake = new Error('a listener’s mistake')
      store.subscribe(() => {
        throw mistake
      })
      const seen = record(store)
      store.replace([entry('a')], '1')
      expect(seen).toEqual(['replace 1: added a'])
      expect(reportError.mock.calls).toEqual([[mistake]])
    })

    it('listeners are called in one order, also for steps made by a listener', () => {
      const store = makeStore()
      store.subscribe(({ changes }) => {
        if (changes.some((change) => change.type === 'added')) store.delete({ name: 'a', namespace: 'n' })
      })
      const seen = record(store)
      store.add(entry('a'))
      expect(seen).toEqual(['apply : added a', 'apply : deleted a'])
    })

    it('listeners are not called after they unsubscribed, not even for the step in which they did', () => {
      const store = makeStore()
      const calls: string[] = []
      const leave = store.subscribe(() => {
        calls.push('first')
        leave()
        leaveSecond()
      })
      const leaveSecond = store.subscribe(() => void calls.push('second'))
      store.resync()
      store.resync()
      expect(calls).toEqual(['first'])
    })

    it('listeners are called as often as they subscribed, and unsubscribing twice is a no-op', () => {
      const store = makeStore()
      let calls = 0
      const count = () => void calls++
      const leave = store.subscribe(count)
      store.subscribe(count)
      store.resync()
      expect(calls).toBe(2)
      leave()
      leave()
      store.resync()
      expect(calls).toBe(3)
    })
  })

  it('a store keeps objects under the key of metadata.namespace and metadata.name by default', () => {
    const store = makeStore()
    const a = entry('a')
    store.add(a)
    expect(store.get(metaNamespaceKey(a))).toBe(a)
  })
}
