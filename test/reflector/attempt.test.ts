import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../src/api/object'
import { entryFromText } from '../../src/codec/entry'
import type { WatchEntry } from '../../src/codec/wire'
import type { ReflectorOptions } from '../../src/reflector/options'
import { Reflector } from '../../src/reflector/reflector'
import type { ListerWatcher } from '../../src/source/lister-watcher'
import { Store } from '../../src/store/store'
import { VirtualClock } from '../../src/testing'

type Event = WatchEntry<KubeObject>

const added = (name: string, resourceVersion: string, spec = '{}'): Event => ({
  type: 'ADDED',
  entry: entryFromText(
    `{"kind":"Pod","apiVersion":"v1","metadata":{"name":"${name}","resourceVersion":"${resourceVersion}"},"spec":${spec}}`,
  ),
})
const broken = (name: string, resourceVersion: string) => added(name, resourceVersion, 'tru')
const bookmark = (resourceVersion: string, initialEventsEnd = false): Event => ({ type: 'BOOKMARK', resourceVersion, initialEventsEnd })

/** Runs a reflector on one watch that brings the batches, until it waits to try again; gives the store's steps, `version: keys`. */
async function steps(
  batches: readonly (readonly Event[])[],
  options: ReflectorOptions<KubeObject>,
  onChange: (store: Store<KubeObject>) => void = () => undefined,
) {
  const source: ListerWatcher<KubeObject> = {
    list: () => expect.unreachable('the state is streamed'),
    async *watch() {
      yield* batches
    },
  }
  const store = new Store<KubeObject>()
  const seen: string[] = []
  store.subscribe(() => void seen.push(`${store.resourceVersion}: ${store.keys().join(' ')}`))
  store.subscribe(() => onChange(store))
  const stop = new AbortController()
  const reflector = new Reflector(source, store, { clock: new VirtualClock(), onWake: () => () => undefined, ...options })
  reflector.subscribe(({ state }) => {
    if (state === 'backoff') stop.abort()
  })
  await reflector.run({ signal: stop.signal })
  return { steps: seen, error: reflector.status.error }
}

describe('within one batch of events', () => {
  it('applies the events of a batch before one that does not parse on arrival', async () => {
    const { steps: seen, error } = await steps([[bookmark('1', true), added('a', '2'), broken('b', '3'), added('c', '4')]], {
      parse: 'arrival',
    })
    expect(seen).toEqual(['1: ', '2: a'])
    expect(String(error)).toContain('the text of b is not JSON')
  })

  it('applies the events of a batch before an ERROR event', async () => {
    const { steps: seen, error } = await steps(
      [[bookmark('1', true), added('a', '2'), { type: 'ERROR', status: { code: 500, message: 'no' } }, added('b', '3')]],
      {},
    )
    expect(seen).toEqual(['1: ', '2: a'])
    expect(String(error)).toContain('no')
  })

  it.each([
    ['the initial state', [broken('a', '1'), bookmark('1', true), added('b', '2')], ['1: a', ': ']],
    ['a bookmark', [bookmark('1', true), broken('a', '2'), bookmark('3'), added('b', '4')], ['1: ', '2: a', ': ']],
  ])(
    'nothing that comes after %s in which a listener found an entry that cannot be read makes the store seem complete',
    async (_what, batch, expected) => {
      const { steps: seen } = await steps([batch], {}, (store) => {
        try {
          for (const { object } of store.list()) expect(object).toBeDefined()
        } catch {
          // The store has dropped it.
        }
      })
      expect(seen).toEqual(expected)
    },
  )
})
