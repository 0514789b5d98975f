import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { idbPersister } from '../../src/idb'
import { memoryPersister } from '../../src/persistence/memory/memory-persister'
import type { Step } from '../../src/persistence/persister'
import { Holder, outcome, scopeOf, stored } from './contract'
import { freshIndexedDB, Kill } from './support/fake-idb'

beforeEach(freshIndexedDB)

const scope = scopeOf()
let tidied = 0
const open = (): Holder =>
  new Holder(
    idbPersister({
      database: 'test',
      whenIdle: (tidy) => {
        tidied++
        tidy()
      },
    }),
  )

/** Texts are large, so that a few commits make a log worth tidying. */
const text = fc.tuple(fc.nat(999), fc.constantFrom(0, 20_000, 150_000)).map(([n, length]) => `${n}${'x'.repeat(length)}`)
const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')
const puts = fc.uniqueArray(fc.record({ key, text }), { maxLength: 4, selector: (record) => record.key })
const deletes = fc.uniqueArray(key, { maxLength: 2 })
const change: fc.Arbitrary<Omit<Step & { type: 'apply' }, 'resourceVersion'> | Omit<Step & { type: 'replace' }, 'resourceVersion'>> =
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ type: fc.constant('apply' as const), puts, deletes }) },
    { weight: 1, arbitrary: fc.constant({ type: 'apply' as const, puts: [], deletes: [] }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('replace' as const), puts }) },
  )

/** What a writer believes to be stored. */
class Model {
  state: Map<string, string>
  version: string

  constructor(version = '', texts: readonly (readonly [string, string])[] = []) {
    this.version = version
    this.state = new Map(texts)
  }

  after(commit: Step): Model {
    const next = new Model(commit.resourceVersion, commit.type === 'replace' ? [] : [...this.state])
    if (commit.type === 'apply') for (const each of commit.deletes) next.state.delete(each)
    for (const { key, text } of commit.puts) next.state.set(key, text)
    return next
  }

  toString(): string {
    return this.version === '' ? 'nothing' : `${this.version}: ${[...this.state.values()].sort().join(', ')}`
  }
}

/** Short enough for a message, and different where the whole is. */
const brief = (state: string): string => state.replace(/x+/g, (run) => `×${run.length}`)

describe('a kill', () => {
  test('a kill at any request of any commit leaves the state of the last resolved commit, its version with its objects', async () => {
    tidied = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { minLength: 1, maxLength: 12 }),
        fc.nat(200),
        fc.constantFrom('before' as const, 'after' as const),
        async (changes, at, when) => {
          freshIndexedDB()
          const persister = open()
          const first: Step = { type: 'replace', puts: [{ key: 'a', text: 'a' }], resourceVersion: '1' }
          await persister.commit(scope, first)
          let model = new Model().after(first)
          const kill = new Kill(at, when)
          try {
            for (const [n, each] of changes.entries()) {
              const commit: Step = { ...each, resourceVersion: String(n + 2) }
              if ((await outcome(persister.commit(scope, commit))) !== 'stored') break
              model = model.after(commit)
            }
            // Tidying that is still under way may be killed as well.
            await persister.load(scopeOf({ user: 'other' })).catch(() => {})
          } finally {
            kill.restart()
          }
          const restarted = open()
          expect(brief(await stored(restarted))).toBe(brief(model.toString()))
          const last: Step = { type: 'apply', puts: [{ key: 'z', text: 'z' }], deletes: ['a'], resourceVersion: '99' }
          await restarted.commit(scope, last)
          expect(brief(await stored(open()))).toBe(brief(model.after(last).toString()))
        },
      ),
      { numRuns: 300 },
    )
    expect(tidied).toBeGreaterThan(50)
  }, 60_000)

  test('a kill during a load or a clear leaves the complete snapshot, or none', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('load' as const, 'clear' as const),
        fc.nat(12),
        fc.constantFrom('before' as const, 'after' as const),
        async (what, at, when) => {
          freshIndexedDB()
          const first = open()
          await first.commit(scope, { type: 'replace', puts: [{ key: 'a', text: 'a1' }], resourceVersion: '1' })
          await first.commit(scope, { type: 'apply', puts: [{ key: 'b', text: 'b2' }], deletes: [], resourceVersion: '2' })
          const kill = new Kill(at, when)
          const done = await outcome(
            what === 'load'
              ? open()
                  .load(scope)
                  .then(() => {})
              : open().clear({ user: 'ann' }),
          )
          kill.restart()
          expect(await stored(open())).toBe(what === 'clear' && done === 'stored' ? 'nothing' : '2: a1, b2')
        },
      ),
      { numRuns: 100 },
    )
  })
})

describe('two persisters on one scope', () => {
  const who = fc.constantFrom(0, 1)
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ who, change }) },
    { weight: 2, arbitrary: fc.record({ who, load: fc.constant(true) }) },
    { weight: 1, arbitrary: fc.record({ who, clear: fc.constant(true) }) },
  )

  test('two persisters on one scope behave step by step like two persisters in memory', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        freshIndexedDB()
        const storage = new Map()
        const inMemory = [new Holder(memoryPersister(storage)), new Holder(memoryPersister(storage))] as const
        const inDatabase = [open(), open()] as const
        for (const [n, each] of steps.entries()) {
          const [expected, actual] = [inMemory[each.who], inDatabase[each.who]].map((persister) => {
            if (persister === undefined) throw new RangeError('two persisters')
            if ('change' in each) return outcome(persister.commit(scope, { ...each.change, resourceVersion: String(n) }))
            return 'load' in each ? stored(persister) : outcome(persister.clear({ cluster: 'c1' }))
          })
          expect(brief((await actual) ?? '')).toBe(brief((await expected) ?? ''))
        }
        expect(brief(await stored(open()))).toBe(brief(await stored(memoryPersister(storage))))
      }),
      { numRuns: 300 },
    )
  }, 60_000)

  test('two concurrent persisters never mix: the stored state is one that either had at that version', async () => {
    const writer = fc.record({
      turns: fc.array(fc.nat(6), { minLength: 1, maxLength: 10 }),
      changes: fc.array(change, { minLength: 1, maxLength: 10 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.tuple(writer, writer, writer), async (writers) => {
        freshIndexedDB()
        const known = new Map<string, string>()
        const seed: Step = { type: 'replace', puts: [{ key: 'a', text: 'seed' }], resourceVersion: 'seed' }
        await open().commit(scope, seed)
        known.set('seed', new Model().after(seed).toString())
        let commits = 0
        await Promise.all(
          writers.map(async ({ turns, changes }, number) => {
            const persister = open()
            await pause(turns[0] ?? 0)
            const snapshot = await persister.load(scope)
            let model = new Model(
              snapshot?.resourceVersion,
              snapshot?.records.map(({ key, text }) => [key, text] as const),
            )
            for (const [n, each] of changes.entries()) {
              await pause(turns[n % turns.length] ?? 0)
              const own = each.puts.map(({ key, text }) => ({ key, text: `${key}${number}.${n}.${text}` }))
              const commit: Step = { ...each, puts: own, resourceVersion: `${number}.${n}` }
              model = model.after(commit)
              known.set(model.version, model.toString())
              if ((await outcome(persister.commit(scope, commit))) !== 'stored') return
              commits++
            }
          }),
        )
        const found = await stored(open())
        expect(brief(found)).toBe(brief(known.get(found.slice(0, found.indexOf(':'))) ?? 'a version nobody wrote'))
        expect(commits).toBeGreaterThan(0)
      }),
      { numRuns: 200 },
    )
  }, 60_000)
})

/** So many turns of the event loop. */
async function pause(turns: number): Promise<void> {
  for (let n = 0; n < turns; n++) await new Promise((resolve) => setImmediate(resolve))
}
