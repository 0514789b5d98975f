import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { KubeObject } from '../../src/api/object'
import type { Entry } from '../../src/codec/entry'
import type { WatchEntry } from '../../src/codec/wire'
import { VirtualClock } from '../../src/testing/virtual-clock'
import { WatchCache } from '../../src/watch-cache/watch-cache'
import { change, Pod, pod } from './pods'

const SELECTORS = ['', 'app=web', 'app!=web', 'app in (web,api)', '!app']

const step = fc.record({
  name: fc.constantFrom('a', 'b', 'c', 'd'),
  namespace: fc.constantFrom('shop', 'other'),
  app: fc.constantFrom('web', 'api', undefined),
  deleted: fc.boolean(),
  // Versions have gaps, because other resources share the sequence.
  gap: fc.integer({ min: 1, max: 3 }),
})

const history = fc.record({
  steps: fc.array(step, { maxLength: 60 }),
  batchSize: fc.integer({ min: 1, max: 5 }),
  capacity: fc.integer({ min: 1, max: 100 }),
  /** The batch after which a client lists and then watches. */
  listAfter: fc.nat({ max: 60 }),
  /** The batch after which the watch is opened. */
  watchAfter: fc.nat({ max: 60 }),
  labelSelector: fc.constantFrom(...SELECTORS),
  namespace: fc.constantFrom('', 'shop'),
  limit: fc.integer({ min: 0, max: 3 }),
})

const stateOf = (entries: readonly Entry<KubeObject>[]) =>
  new Map(entries.map((entry) => [entry.key, JSON.stringify(entry.object.metadata)]))
const sorted = (state: ReadonlyMap<string, string>) => [...state].sort(([a], [b]) => (a < b ? -1 : 1))

function applyTo(state: Map<string, string>, events: readonly WatchEntry<KubeObject>[]): void {
  for (const event of events) {
    if (!('entry' in event)) throw new Error(`unexpected ${event.type}`)
    const { key, object } = event.entry
    const known = state.has(key)
    // Every event fits the state: an added object was absent, a modified or deleted one was present.
    if (known === (event.type === 'ADDED')) throw new Error(`${event.type} of ${known ? 'a known' : 'an unknown'} ${key}`)
    if (event.type === 'DELETED') state.delete(key)
    else state.set(key, JSON.stringify(object.metadata))
  }
}

it('a list and the events after its version give the current state for any history, with and without selectors', async () => {
  await fc.assert(
    fc.asyncProperty(history, async ({ steps, batchSize, capacity, listAfter, watchAfter, labelSelector, namespace, limit }) => {
      const clock = new VirtualClock()
      const cache = new WatchCache({ resource: Pod, capacity, clock })
      cache.replace([pod('shop/a', 1, { app: 'web' })], '5')
      let version = 5
      const batches: WatchEntry<KubeObject>[][] = []
      for (const { name, namespace: ns, app, deleted, gap } of steps) {
        version += gap
        const event = change(deleted ? 'DELETED' : 'MODIFIED', pod(`${ns}/${name}`, version, app && { app }))
        if ((batches.at(-1)?.length ?? batchSize) < batchSize) batches.at(-1)?.push(event)
        else batches.push([event])
      }
      const scope = { labelSelector, namespace }
      let listed: { resourceVersion: string; state: Map<string, string> } | undefined
      let expired = false
      const watch: { iterator?: AsyncGenerator<readonly WatchEntry<KubeObject>[], void>; first?: readonly WatchEntry<KubeObject>[] } = {}
      for (let i = 0; i <= batches.length; i++) {
        if (i === Math.min(listAfter, batches.length)) {
          const pages = await cache.list({ ...scope, limit })
          const entries = [...pages.entries]
          for (let token = pages.continue; token; ) {
            const page = await cache.list({ ...scope, limit, continue: token })
            entries.push(...page.entries)
            token = page.continue
          }
          listed = { resourceVersion: pages.resourceVersion, state: stateOf(entries) }
        }
        if (listed && !watch.iterator && (i >= watchAfter || i === batches.length)) {
          watch.iterator = cache.watch({ ...scope, resourceVersion: listed.resourceVersion })
          const { value } = await watch.iterator.next()
          if (value?.[0]?.type === 'ERROR') expired = true
          else watch.first = value ?? []
        }
        const batch = batches[i]
        if (batch) cache.apply(batch)
      }
      // A version outside the window may only fail with Expired.
      if (expired || !listed || !watch.iterator) return
      applyTo(listed.state, watch.first ?? [])
      const before = cache.resourceVersion
      cache.apply([
        change('ADDED', pod('shop/last', version + 1, { app: 'web' })),
        change('DELETED', pod('shop/last', version + 2, { app: 'web' })),
      ])
      for (;;) {
        const pending = watch.iterator.next()
        const result = await Promise.race([pending, clock.settle()])
        // No events are pending, or the watcher is too far behind.
        if (!result || result.done) {
          if (result?.done) return
          break
        }
        applyTo(listed.state, result.value)
      }
      expect(Number(before)).toBeLessThanOrEqual(Number(cache.resourceVersion))
      expect(sorted(listed.state)).toEqual(sorted(stateOf((await cache.list(scope)).entries)))
    }),
    { numRuns: 400 },
  )
})

it('an exact read of a remembered version gives the state at that version for any history', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 50 }), async (steps, capacity) => {
      const cache = new WatchCache({ resource: Pod, capacity })
      cache.replace([], '1')
      const states = new Map([['1', stateOf([])]])
      let version = 1
      for (const { name, namespace, app, deleted, gap } of steps) {
        version += gap
        cache.apply([change(deleted ? 'DELETED' : 'MODIFIED', pod(`${namespace}/${name}`, version, app && { app }))])
        states.set(cache.resourceVersion, stateOf(cache.entries()))
      }
      for (const [resourceVersion, state] of states) {
        const list = await cache.list({ resourceVersion, resourceVersionMatch: 'Exact' }).catch((error: { status: number }) => error.status)
        if (typeof list === 'number') expect(list).toBe(410)
        else expect(sorted(stateOf(list.entries))).toEqual(sorted(state))
      }
    }),
    { numRuns: 200 },
  )
})
