import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { KubeObject } from '../../src/api/object'
import { type Entry, entryFromText } from '../../src/codec/entry'
import { Store } from '../../src/store/store'

// A store beside a plain map that is told the same, and a second map that only hears what the store tells its subscribers.

interface Real {
  readonly store: Store<KubeObject>
  readonly heard: Map<string, Entry<KubeObject>>
  /** Changes that did not fit what was heard before them. */
  readonly misfits: unknown[]
}
type Model = Map<string, Thing>
type Thing = { readonly name: string; readonly uid: string; readonly rv: string }
type Command = fc.Command<Model, Real>

const entryOf = ({ name, uid, rv }: Thing): Entry<KubeObject> =>
  entryFromText(JSON.stringify({ metadata: { name, uid, resourceVersion: rv } }))
const same = (a: Thing | undefined, b: Thing) => a !== undefined && a.uid === b.uid && a.rv === b.rv && a.rv !== ''

const thing: fc.Arbitrary<Thing> = fc.record({
  name: fc.constantFrom('a', 'b', 'c', 'd'),
  uid: fc.constantFrom('1', '2'),
  rv: fc.constantFrom('', '1', '2', '3'),
})

/** What a step did to the store is what it did to the model, and what the subscribers heard. */
function check(model: Model, { store, heard, misfits }: Real): void {
  expect(misfits).toEqual([])
  const versions = (entries: Iterable<{ name: string; uid: string; resourceVersion: string }>) =>
    Array.from(entries, ({ name, uid, resourceVersion: rv }) => ({ name, uid, rv })).sort(byName)
  expect(versions(store.list())).toEqual([...model.values()].sort(byName))
  expect(new Map(store.list().map((entry) => [entry.key, entry]))).toEqual(heard)
  for (const [key, entry] of heard) expect(store.get(key)).toBe(entry)
}
const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1)

const commandOf = (name: string, run: (model: Model, store: Store<KubeObject>) => void): Command => ({
  check: () => true,
  run(model, real) {
    // An entry changes its identity only with its version.
    const before = real.store.list()
    run(model, real.store)
    check(model, real)
    for (const entry of before) {
      const now = real.store.get(entry.key)
      if (
        now &&
        entry.resourceVersion !== '' &&
        now.resourceVersion === entry.resourceVersion &&
        now.uid === entry.uid &&
        name.startsWith('replace')
      )
        expect(now).toBe(entry)
    }
  },
  toString: () => name,
})

const put = (model: Model, it: Thing) => {
  if (!same(model.get(it.name), it)) model.set(it.name, it)
}

const commands = fc.commands<Model, Real>(
  [
    thing.map((it) =>
      commandOf(`add ${JSON.stringify(it)}`, (model, store) => {
        model.set(it.name, it)
        store.add(entryOf(it))
      }),
    ),
    thing.map((it) =>
      commandOf(`delete ${it.name}`, (model, store) => {
        model.delete(it.name)
        store.delete(entryOf(it))
      }),
    ),
    fc.array(fc.tuple(fc.constantFrom('ADDED' as const, 'MODIFIED' as const, 'DELETED' as const), thing), { maxLength: 5 }).map((events) =>
      commandOf(`apply ${JSON.stringify(events)}`, (model, store) => {
        for (const [type, it] of events) {
          if (type !== 'DELETED') put(model, it)
          else if (model.get(it.name)?.uid === it.uid) model.delete(it.name)
        }
        store.apply(
          events.map(([type, it]) => ({ type, entry: entryOf(it) })),
          '9',
        )
      }),
    ),
    fc.array(thing, { maxLength: 5 }).map((things) =>
      commandOf(`replace ${JSON.stringify(things)}`, (model, store) => {
        model.clear()
        for (const it of things) model.set(it.name, it)
        store.replace(things.map(entryOf), '9')
      }),
    ),
    fc.constant(commandOf('resync', (_model, store) => store.resync())),
  ],
  { maxCommands: 30 },
)

it('after any history a store holds what a map would, and its changes alone describe it', () => {
  fc.assert(
    fc.property(commands, (script) => {
      fc.modelRun(() => {
        const store = new Store<KubeObject>()
        const heard = new Map<string, Entry<KubeObject>>()
        const misfits: unknown[] = []
        store.subscribe(({ type, changes }) => {
          for (const change of changes) {
            const { key } = change.entry
            const known = heard.get(key)
            const fits =
              (change.type === 'added') === (known === undefined) &&
              (change.type === 'resynced') === (type === 'resync') &&
              (change.type !== 'updated' || change.previous === known)
            if (!fits) misfits.push(change)
            if (change.type === 'deleted') heard.delete(key)
            else heard.set(key, change.entry)
          }
        })
        return { model: new Map(), real: { store, heard, misfits } }
      }, script)
    }),
    { numRuns: 300 },
  )
})
