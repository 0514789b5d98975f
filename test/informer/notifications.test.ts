import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { KubeObject } from '../../src/api/object'
import { type Entry, entryFromObject } from '../../src/codec/entry'
import { Notifications } from '../../src/informer/handlers/notifications'
import { Store } from '../../src/store/store'

/** What a test does next: change an object, replace it by another of its name, tell of all once more, or let the listener hear some. */
const step = fc.oneof(
  fc.record({ do: fc.constantFrom('put', 'recreate', 'delete'), name: fc.constantFrom('a', 'b', 'c') }),
  fc.record({ do: fc.constant('resync' as const) }),
  fc.record({ do: fc.constant('hear' as const), count: fc.nat(4) }),
)

/** Hears changes, and finds every one that does not fit what it has heard before. */
class Listener {
  readonly #known = new Map<string, Entry<KubeObject>>()
  synced = 0

  get state(): string[] {
    return Array.from(this.#known.values(), ({ key, uid, resourceVersion }) => `${key} ${uid} ${resourceVersion}`).sort()
  }

  hear(notifications: Notifications<KubeObject>, count: number): void {
    for (let i = 0; i < count; i++) {
      const next = notifications.shift()
      if (!next) return
      if (next.type === 'synced') {
        this.synced++
        continue
      }
      const known = this.#known.get(next.entry.key)
      if (next.type === 'added') expect(known).toBeUndefined()
      else expect(known?.uid).toBe(next.entry.uid)
      if (next.type === 'updated') expect(next.previous.resourceVersion).toBe(known?.resourceVersion)
      if (next.type === 'deleted') this.#known.delete(next.entry.key)
      else this.#known.set(next.entry.key, next.entry)
    }
  }
}

test('[informer/slow-handler] whatever happens and however slow a listener is, it receives a consistent history that ends with the current state, within its bound and two changes per object', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.constantFrom(0, 1, 3, 1_000), (steps, maxBacklog) => {
      const notifications = new Notifications<KubeObject>(maxBacklog)
      const listener = new Listener()
      const store = new Store<KubeObject>()
      store.subscribe(({ changes }) => {
        for (const change of changes) notifications.push({ ...change, isInInitialList: false })
      })
      notifications.push({ type: 'synced' })
      let version = 0
      const object = (name: string, uid: string) => entryFromObject({ metadata: { name, uid, resourceVersion: String(++version) } })
      for (const next of steps) {
        if (next.do === 'hear') listener.hear(notifications, next.count)
        else if (next.do === 'resync') store.resync()
        else {
          const known = store.get(next.name)
          if (next.do === 'put') store.add(object(next.name, known?.uid ?? `uid-${version}`))
          else if (next.do === 'recreate') store.add(object(next.name, `uid-${version}`))
          else if (known) store.delete({ name: next.name })
        }
        expect(notifications.length).toBeLessThanOrEqual(maxBacklog + 2 * 3)
      }
      listener.hear(notifications, Number.POSITIVE_INFINITY)
      expect(listener.state).toEqual(
        store
          .list()
          .map(({ key, uid, resourceVersion }) => `${key} ${uid} ${resourceVersion}`)
          .sort(),
      )
      expect({ length: notifications.length, synced: listener.synced }).toEqual({ length: 0, synced: 1 })
    }),
  )
})

test('[queue/deltas] without a bound every change is delivered, in order', () => {
  const notifications = new Notifications<KubeObject>(Number.POSITIVE_INFINITY)
  const entries = ['1', '2', '3'].map((resourceVersion) =>
    entryFromObject<KubeObject>({ metadata: { name: 'a', uid: 'u', resourceVersion } }),
  )
  const [first, second, third] = entries
  if (!first || !second || !third) throw new Error('three were made')
  notifications.push({ type: 'added', entry: first, isInInitialList: false })
  notifications.push({ type: 'updated', entry: second, previous: first, isInInitialList: false })
  notifications.push({ type: 'deleted', entry: third, isInInitialList: false })
  const heard = [notifications.shift(), notifications.shift(), notifications.shift(), notifications.shift()]
  expect(heard.map((notification) => notification?.type)).toEqual(['added', 'updated', 'deleted', undefined])
})
