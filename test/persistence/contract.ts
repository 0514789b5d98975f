import { isPersistenceError } from '../../src/api/errors'
import type { Commit, LoadOptions, Persister, Scope, Snapshot, Step, StoredRecord } from '../../src/persistence/persister'
import { scopeId } from '../../src/persistence/scope'
import { newWriter } from '../../src/persistence/writer'
import { createRandom } from '../../src/testing/random'

// What every persister must do. The cases know no test runner, so that a page can run them too.

/** What a case is given: a storage of its own. */
export interface ContractContext {
  /** Another persister on the same storage, as another tab would have it. */
  open(): Holder
}

/**
 * The only user of a persister, as an informer in a tab of its own: each load has a writer's name of its own, under which the commits that follow are
 * made. A `replace` of a scope that it never loaded loads it first.
 */
export class Holder {
  readonly persister: Persister
  readonly #writers = new Map<string, string>()

  constructor(persister: Persister) {
    this.persister = persister
  }

  /** The writer's name that the last load of a scope had. */
  writerOf(scope: Scope): string {
    return this.#writers.get(scopeId(scope)) ?? 'a writer that never loaded'
  }

  load(scope: Scope, options: Partial<LoadOptions> = {}): Promise<Snapshot | undefined> {
    const writer = options.writer ?? newWriter()
    this.#writers.set(scopeId(scope), writer)
    return this.persister.load(scope, { ...options, writer })
  }

  /** Loads again after a failure, on the condition that the scope is still this one's. */
  renew(scope: Scope): Promise<Snapshot | undefined> {
    return this.load(scope, { after: this.writerOf(scope) })
  }

  async commit(scope: Scope, step: Step): Promise<void> {
    if (step.type === 'replace' && !this.#writers.has(scopeId(scope))) await this.load(scope)
    await this.commitOnly(scope, step)
  }

  /** Commits without a load, whatever was done before. */
  commitOnly(scope: Scope, step: Step, writer: string = this.writerOf(scope)): Promise<void> {
    return this.persister.commit(scope, { ...step, writer } as Commit)
  }

  clear(fields?: Partial<Scope>): Promise<void> {
    return this.persister.clear(fields)
  }
}

/** One thing a persister must do. */
export interface ContractCase {
  readonly title: string
  run(context: ContractContext): Promise<void>
}

/** A scope, as far as a test cares. */
export function scopeOf(fields: Partial<Scope> = {}): Scope {
  return { cluster: 'c1', user: 'ann', resource: 'pods/v1', namespace: '', labelSelector: '', fieldSelector: '', version: '1', ...fields }
}

/** Records from `{ key: text }`. */
export function records(texts: Readonly<Record<string, string>>): StoredRecord[] {
  return Object.entries(texts).map(([key, text]) => ({ key, text }))
}

/** A replace commit from `{ key: text }`. */
export function replace(resourceVersion: string, texts: Readonly<Record<string, string>>): Step {
  return { type: 'replace', puts: records(texts), resourceVersion }
}

/** An apply commit from `{ key: text }` and the deleted keys. */
export function apply(resourceVersion: string, texts: Readonly<Record<string, string>> = {}, deletes: readonly string[] = []): Step {
  return { type: 'apply', puts: records(texts), deletes, resourceVersion }
}

/** What is stored, as a persister finds it that comes later: `version: text, text, …`, or `nothing`. */
export async function stored(persister: Holder | Persister, scope: Scope = scopeOf()): Promise<string> {
  const snapshot = await persister.load(scope, { writer: newWriter() })
  return snapshot === undefined ? 'nothing' : `${snapshot.resourceVersion}: ${textsOf(snapshot).sort().join(', ')}`
}

/** The texts of a snapshot, in its order. */
export function textsOf(snapshot: Snapshot | undefined): string[] {
  return snapshot?.records.map(({ text }) => text) ?? []
}

/** `stored`, or the code with which the work was refused. */
export async function outcome(work: Promise<void>): Promise<string> {
  try {
    await work
    return 'stored'
  } catch (error) {
    if (isPersistenceError(error)) return error.code
    throw error
  }
}

/** Loads a snapshot, and checks that the batches delivered meanwhile are the snapshot, from its end on; or that there were none. */
export async function loadTold(persister: Holder, scope: Scope = scopeOf()): Promise<{ texts: readonly string[]; times: number }> {
  let told: StoredRecord[] = []
  let times = 0
  const onRecords = (records: readonly StoredRecord[], before: number) => {
    if (before === 0) told = []
    equal([before, records.length > 0], [told.length, true])
    told.push(...records)
    times++
  }
  const snapshot = await persister.load(scope, { onRecords })
  if (times > 0) equal(told.reverse(), snapshot?.records)
  return { texts: textsOf(snapshot), times }
}

function equal(actual: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (a !== b) throw new Error(`expected ${b?.slice(0, 500)}, got ${a?.slice(0, 500)}`)
}

const scope = scopeOf()

/** The contract, case by case. */
export const contract: readonly ContractCase[] = [
  {
    title: 'a scope without stored data has no snapshot',
    async run({ open }) {
      equal(await open().load(scope), undefined)
    },
  },
  {
    title: 'a load returns a replace as it was stored',
    async run({ open }) {
      await open().commit(scope, replace('7', { a: '{"a":1}', b: '{"b":"größer → 文字 \ud83d\ude00"}', c: '{\n  "c": "\\u2028\u2028"\n}' }))
      const snapshot = await open().load(scope)
      equal(snapshot?.resourceVersion, '7')
      equal(textsOf(snapshot).sort(), ['{"a":1}', '{"b":"größer → 文字 \ud83d\ude00"}', '{\n  "c": "\\u2028\u2028"\n}'].sort())
    },
  },
  {
    title: 'an empty replace is a snapshot without objects',
    async run({ open }) {
      await open().commit(scope, replace('7', {}))
      equal(await stored(open()), '7: ')
    },
  },
  {
    title: 'applies add, change and delete objects together with the version',
    async run({ open }) {
      const persister = open()
      await persister.commit(scope, replace('1', { a: 'a1', b: 'b1' }))
      await persister.commit(scope, apply('2', { b: 'b2', c: 'c2' }, ['a']))
      await persister.commit(scope, apply('3', { a: 'a3' }, ['nothing of this key']))
      equal(await stored(open()), '3: a3, b2, c2')
    },
  },
  {
    title: 'a key that one apply deletes and puts is stored afterwards',
    async run({ open }) {
      const persister = open()
      await persister.commit(scope, replace('1', { a: 'a1' }))
      await persister.commit(scope, apply('2', { a: 'a2' }, ['a']))
      equal(await stored(open()), '2: a2')
    },
  },
  {
    title: 'an apply can move only the version, also between others',
    async run({ open }) {
      const persister = open()
      await persister.commit(scope, replace('1', { a: 'a1' }))
      for (const version of ['2', '3', '4']) await persister.commit(scope, apply(version))
      await persister.commit(scope, apply('5', { b: 'b5' }))
      for (const version of ['6', '7']) await persister.commit(scope, apply(version))
      equal(await stored(open()), '7: a1, b5')
    },
  },
  {
    title: 'a replace removes the previous content',
    async run({ open }) {
      const persister = open()
      await persister.commit(scope, replace('1', { a: 'a1', b: 'b1' }))
      await persister.commit(scope, apply('2', { c: 'c2' }))
      await persister.commit(scope, replace('9', { d: 'd9' }))
      await persister.commit(scope, apply('10', { e: 'e10' }))
      equal(await stored(open()), '10: d9, e10')
    },
  },
  {
    title: 'a writer that has loaded a snapshot continues from it',
    async run({ open }) {
      const first = open()
      await first.commit(scope, replace('1', { a: 'a1', b: 'b1' }))
      await first.commit(scope, apply('2', { a: 'a2' }))
      const second = open()
      equal(await stored(second), '2: a2, b1')
      await second.commit(scope, apply('3'))
      await second.commit(scope, apply('4', { c: 'c4' }))
      equal(await stored(second), '4: a2, b1, c4')
      await second.commit(scope, apply('5', { d: 'd5' }, ['b']))
      equal(await stored(open()), '5: a2, c4, d5')
    },
  },
  {
    title: 'commits that are not awaited are made in the order of the calls',
    async run({ open }) {
      const persister = open()
      await Promise.all([
        persister.load(scope),
        persister.commit(scope, replace('1', { a: 'a1' })),
        ...Array.from({ length: 20 }, (_, n) =>
          persister.commit(scope, apply(String(n + 2), { a: `a${n + 2}`, [`k${n}`]: '' }, [`k${n - 1}`])),
        ),
      ])
      equal(await stored(open()), '21: , a21')
    },
  },
  {
    title: 'a snapshot and an apply of many megabytes are loaded completely',
    async run({ open }) {
      const text = (key: string, version: number) => `${key}-${version}-${'x'.repeat(9000)}`
      const all = (version: number) => Object.fromEntries(Array.from({ length: 400 }, (_, n) => [`k${n}`, text(`k${n}`, version)]))
      const persister = open()
      await persister.commit(scope, replace('1', all(1)))
      await persister.commit(scope, apply('2', { ...all(2), k3: text('k3', 3) }, ['k5']))
      const snapshot = await open().load(scope)
      equal(snapshot?.records.length, 400)
      equal(textsOf(snapshot).sort(), Object.values({ ...all(2), k3: text('k3', 3) }).sort())
    },
  },
  {
    title: 'the batches during a load equal the snapshot: no outdated text, no deleted key, no duplicate key',
    async run({ open }) {
      for (let seed = 1; seed <= 8; seed++) {
        const random = createRandom(seed)
        const scope = scopeOf({ user: `${seed}` })
        const state = new Map<string, string>()
        let persister = open()
        let version = 0
        const puts = (count: number) => {
          const size = 10 ** random.below(6)
          return Object.fromEntries(
            Array.from({ length: count }, () => {
              const key = `k${random.below(12)}`
              return [key, `${key}@${version}${'x'.repeat(size)}`]
            }),
          )
        }
        const step = async (change: Step) => {
          if (change.type === 'replace') state.clear()
          else for (const key of change.deletes) state.delete(key)
          for (const { key, text } of change.puts) state.set(key, text)
          await persister.commit(scope, change)
        }
        await step(replace('0', puts(20)))
        for (version = 1; version <= 100; version++) {
          const deletes = Array.from({ length: random.below(3) }, () => `k${random.below(12)}`)
          const isNew = random.below(40) === 0
          await step(isNew ? replace(`${version}`, puts(20)) : apply(`${version}`, puts(random.below(4)), deletes))
          if (random.below(10) > 0) continue
          // Whoever has loaded goes on from there, by what it has learnt of the log.
          persister = open()
          const { texts } = await loadTold(persister, scope)
          equal([...texts].sort(), [...state.values()].sort())
        }
      }
    },
  },
  {
    title: 'the last of two records with one key counts, also in the batches during a load',
    async run({ open }) {
      const persister = open()
      await persister.commit(scope, { ...replace('1', {}), puts: [...records({ a: 'a1', b: 'b1' }), ...records({ a: 'a2' })] })
      equal([...(await loadTold(open())).texts].sort(), ['a2', 'b1'])
    },
  },
  {
    title: 'an empty scope delivers no batch',
    async run({ open }) {
      equal(await loadTold(open()), { texts: [], times: 0 })
      await open().commit(scope, replace('1', {}))
      equal(await loadTold(open()), { texts: [], times: 0 })
    },
  },
  {
    title: 'a snapshot belongs to its scope: a scope that differs in any field has none',
    async run({ open }) {
      await open().commit(scope, replace('1', { a: 'a1' }))
      for (const field of Object.keys(scope) as (keyof Scope)[]) equal(await stored(open(), { ...scope, [field]: 'other' }), 'nothing')
      equal(await stored(open()), '1: a1')
    },
  },
  {
    title: 'scopes are distinct for any split of text over their fields',
    async run({ open }) {
      await open().commit(scopeOf({ cluster: 'a', user: '' }), replace('1', { a: 'a1' }))
      await open().commit(scopeOf({ cluster: 'a","', user: '' }), replace('2', { a: 'a2' }))
      for (const other of [
        scopeOf({ cluster: '', user: 'a' }),
        scopeOf({ cluster: 'a"', user: '' }),
        scopeOf({ cluster: 'a', user: '","' }),
      ])
        equal(await stored(open(), other), 'nothing')
      equal(await stored(open(), scopeOf({ cluster: 'a', user: '' })), '1: a1')
    },
  },
  {
    title: 'an apply without an earlier load is refused',
    async run({ open }) {
      equal(await outcome(open().commit(scope, apply('2', { b: 'b2' }))), 'fenced')
      await open().commit(scope, replace('1', { a: 'a1' }))
      equal(await outcome(open().commit(scope, apply('2', { b: 'b2' }))), 'fenced')
      equal(await stored(open()), '1: a1')
    },
  },
  {
    title: 'an apply after an empty load is refused, a replace is not',
    async run({ open }) {
      const persister = open()
      await persister.load(scope)
      equal(await outcome(persister.commit(scope, apply('2', { b: 'b2' }))), 'fenced')
      equal(await outcome(persister.commit(scope, replace('3', { c: 'c3' }))), 'stored')
      equal(await outcome(persister.commit(scope, apply('4', { d: 'd4' }))), 'stored')
      equal(await stored(open()), '4: c3, d4')
    },
  },
  {
    title: 'a load makes its persister the writer: the earlier one can neither apply nor replace',
    async run({ open }) {
      for (const change of [apply('2', { b: 'b2' }), apply('2'), replace('2', { b: 'b2' })]) {
        const [first, second] = [open(), open()]
        await first.commit(scope, replace('1', { a: 'a1' }))
        await second.load(scope)
        equal(await outcome(first.commit(scope, change)), 'fenced')
        equal(await outcome(second.commit(scope, apply('3', { c: 'c3' }))), 'stored')
        equal(await stored(open()), '3: a1, c3')
      }
    },
  },
  {
    title: 'of two persisters with an empty load, the later one is the writer',
    async run({ open }) {
      const [first, second] = [open(), open()]
      await first.load(scope)
      await second.load(scope)
      equal(await outcome(first.commit(scope, replace('1', { a: 'a1' }))), 'fenced')
      equal(await outcome(second.commit(scope, replace('2', { b: 'b2' }))), 'stored')
      equal(await stored(open()), '2: b2')
    },
  },
  {
    title: 'a persister that never loaded can neither apply nor replace',
    async run({ open }) {
      for (const change of [apply('2', { b: 'b2' }), replace('2', { b: 'b2' })]) {
        equal(await outcome(open().commitOnly(scope, change)), 'fenced')
        equal(await stored(open()), 'nothing')
        await open().commit(scope, replace('1', { a: 'a1' }))
        equal(await outcome(open().commitOnly(scope, change)), 'fenced')
        equal(await stored(open()), '1: a1')
        await open().clear()
      }
    },
  },
  {
    title: 'a fenced writer stays fenced, also for a replace, until it loads again',
    async run({ open }) {
      const [first, second] = [open(), open()]
      await first.commit(scope, replace('1', { a: 'a1' }))
      await second.load(scope)
      for (const change of [apply('2'), replace('3', { c: 'c3' }), replace('4', { c: 'c4' })])
        equal(await outcome(first.commit(scope, change)), 'fenced')
      equal(await outcome(second.commit(scope, apply('4'))), 'stored')
      await first.load(scope)
      equal(await outcome(first.commit(scope, apply('5', { d: 'd5' }))), 'stored')
      equal(await outcome(second.commit(scope, replace('6', {}))), 'fenced')
      equal(await stored(open()), '5: a1, d5')
    },
  },
  {
    title: 'of two informers that share a persister, the later one is the writer, and neither writes in the other’s name',
    async run({ open }) {
      const first = open()
      const second = new Holder(first.persister)
      await first.commit(scope, replace('1', { a: 'a1' }))
      await second.load(scope)
      for (const change of [apply('2', { b: 'b2' }), replace('2', { b: 'b2' })]) equal(await outcome(first.commit(scope, change)), 'fenced')
      equal(await outcome(second.commit(scope, apply('3', { c: 'c3' }))), 'stored')
      equal(await stored(open()), '3: a1, c3')
    },
  },
  {
    title: 'a load after a failure renews its writer and fences the commits in progress under the earlier name',
    async run({ open }) {
      const first = open()
      await first.commit(scope, replace('1', { a: 'a1' }))
      const earlier = first.writerOf(scope)
      await first.renew(scope)
      for (const change of [apply('2', { b: 'b2' }), replace('2', { b: 'b2' })])
        equal(await outcome(first.commitOnly(scope, change, earlier)), 'fenced')
      equal(await outcome(first.commit(scope, replace('3', { c: 'c3' }))), 'stored')
      equal(await stored(open()), '3: c3')
    },
  },
  {
    title: 'a renewal whose response was lost can be repeated',
    async run({ open }) {
      const first = open()
      await first.commit(scope, replace('1', { a: 'a1' }))
      const options = { writer: newWriter(), after: first.writerOf(scope) }
      for (let times = 0; times < 2; times++) equal(textsOf(await first.load(scope, options)), ['a1'])
      equal(await outcome(first.commit(scope, apply('2', { b: 'b2' }))), 'stored')
    },
  },
  {
    title: 'a renewal does not reopen a scope that was cleared or taken over meanwhile',
    async run({ open }) {
      for (const meanwhile of ['clear', 'load', 'clear and load'] as const) {
        const [first, other] = [open(), open()]
        await first.commit(scope, replace('1', { a: 'a1' }))
        if (meanwhile !== 'load') await other.clear({ user: 'ann' })
        if (meanwhile !== 'clear') await other.load(scope)
        equal(await outcome(first.renew(scope).then(() => {})), 'fenced')
        for (const change of [apply('2', { b: 'b2' }), replace('2', { b: 'b2' })])
          equal(await outcome(first.commit(scope, change)), 'fenced')
        equal(await stored(open()), meanwhile === 'load' ? '1: a1' : 'nothing')
        await other.clear()
      }
    },
  },
  {
    title: 'a fence affects one scope only',
    async run({ open }) {
      const [first, second] = [open(), open()]
      const other = scopeOf({ namespace: 'shop' })
      await first.commit(scope, replace('1', { a: 'a1' }))
      await first.commit(other, replace('1', { a: 'a1' }))
      await second.load(scope)
      equal(await outcome(first.commit(other, apply('2', { b: 'b2' }))), 'stored')
      equal(await stored(open(), other), '2: a1, b2')
    },
  },
  {
    title: 'clear removes the scopes with the given fields, and no others',
    async run({ open }) {
      const kept = [scopeOf({ user: 'bob' }), scopeOf({ user: '' })]
      const gone = [scopeOf(), scopeOf({ resource: 'nodes/v1' }), scopeOf({ cluster: 'c2' })]
      for (const each of [...kept, ...gone]) await open().commit(each, replace('1', { a: 'a1' }))
      await open().clear({ user: 'ann' })
      for (const each of kept) equal(await stored(open(), each), '1: a1')
      for (const each of gone) equal(await stored(open(), each), 'nothing')
    },
  },
  {
    title: 'clear matches every given field, including the empty string',
    async run({ open }) {
      const [all, shop] = [scopeOf({ namespace: '' }), scopeOf({ namespace: 'shop' })]
      for (const each of [all, shop]) await open().commit(each, replace('1', { a: 'a1' }))
      await open().clear({ user: 'ann', cluster: 'elsewhere' })
      await open().clear({ user: 'ann', namespace: '' })
      equal(await stored(open(), all), 'nothing')
      equal(await stored(open(), shop), '1: a1')
    },
  },
  {
    title: 'clear without fields removes everything',
    async run({ open }) {
      const scopes = [scopeOf(), scopeOf({ user: 'bob' })]
      for (const each of scopes) await open().commit(each, replace('1', { a: 'a1' }))
      await open().clear()
      for (const each of scopes) equal(await stored(open(), each), 'nothing')
    },
  },
  {
    title: 'a clear fences every writer, including its own, so that nothing returns',
    async run({ open }) {
      for (const change of [apply('2', { b: 'b2' }), replace('2', { b: 'b2' })]) {
        const [writer, empty] = [open(), open()]
        const other = scopeOf({ namespace: 'shop' })
        await writer.commit(scope, replace('1', { a: 'a1' }))
        await empty.load(other)
        await writer.clear({ user: 'ann' })
        equal(await outcome(writer.commit(scope, change)), 'fenced')
        equal(await outcome(empty.commit(other, replace('2', { b: 'b2' }))), 'fenced')
        equal([await stored(open()), await stored(open(), other)], ['nothing', 'nothing'])
        await open().clear()
      }
    },
  },
  {
    title: 'a writer from before a clear stays fenced after another writer has loaded',
    async run({ open }) {
      const [before, after] = [open(), open()]
      await before.load(scope)
      await before.commit(scope, replace('1', { a: 'a1' }))
      await after.clear()
      await after.load(scope)
      await after.commit(scope, replace('2', { b: 'b2' }))
      equal(await outcome(before.commit(scope, apply('3', { c: 'c3' }))), 'fenced')
      equal(await stored(open()), '2: b2')
    },
  },
  {
    title: 'a cleared scope refuses replace and apply of every holder, in the same persister and in other tabs',
    async run({ open }) {
      const [first, tab, empty] = [open(), open(), open()]
      const other = scopeOf({ namespace: 'shop' })
      await first.commit(scope, replace('1', { a: 'a1' }))
      const sharing = new Holder(first.persister)
      await sharing.load(scope)
      await empty.load(other)
      await tab.clear({ user: 'ann' })
      const holders = [first, sharing, tab, empty, new Holder(first.persister)]
      for (let times = 0; times < 2; times++) {
        for (const holder of holders) {
          for (const each of [scope, other]) {
            equal(await outcome(holder.commitOnly(each, replace('9', { z: 'z9' }))), 'fenced')
            equal(await outcome(holder.commitOnly(each, apply('9', { z: 'z9' }))), 'fenced')
          }
        }
      }
      equal([await stored(open()), await stored(open(), other)], ['nothing', 'nothing'])
    },
  },
  {
    title: 'a load after a clear reopens the scope for its own writer only, also within one persister',
    async run({ open }) {
      const before = open()
      await before.commit(scope, replace('1', { a: 'a1' }))
      await before.clear({ user: 'ann' })
      const after = new Holder(before.persister)
      await after.load(scope)
      equal(await outcome(before.commit(scope, replace('2', { a: 'a2' }))), 'fenced')
      equal(await outcome(after.commit(scope, replace('3', { c: 'c3' }))), 'stored')
      equal(await outcome(before.commit(scope, apply('4', { a: 'a4' }))), 'fenced')
      equal(await outcome(before.commit(scope, replace('5', { a: 'a5' }))), 'fenced')
      equal(await stored(open()), '3: c3')
    },
  },
  {
    title: 'commits queued around a clear leave nothing behind',
    async run({ open }) {
      const large = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`k${n}`, 'x'.repeat(50_000)]))
      for (const change of [replace('2', large), apply('2', large)]) {
        const [persister, other] = [open(), open()]
        await persister.commit(scope, replace('1', { a: 'a1' }))
        const before = outcome(persister.commit(scope, change))
        const clear = other.clear({ user: 'ann' })
        const own = persister.clear({ user: 'ann' })
        const after = outcome(persister.commit(scope, change))
        await Promise.all([before, clear, own])
        equal(await after, 'fenced')
        equal(await stored(open()), 'nothing')
        await open().clear()
      }
    },
  },
  {
    title: 'a clear of a user covers every identity that the user impersonated',
    async run({ open }) {
      const identities = [undefined, 'bob', 'system:admin'].map((impersonates) => scopeOf({ impersonates }))
      for (const each of identities) await open().commit(each, replace('1', { a: each.impersonates ?? 'ann' }))
      for (const each of identities) equal(await stored(open(), each), `1: ${each.impersonates ?? 'ann'}`)
      await open().clear({ user: 'ann', impersonates: 'bob' })
      equal(await Promise.all(identities.map((each) => stored(open(), each))), ['1: ann', 'nothing', '1: system:admin'])
      await open().clear({ user: 'ann' })
      for (const each of identities) equal(await stored(open(), each), 'nothing')
    },
  },
]
