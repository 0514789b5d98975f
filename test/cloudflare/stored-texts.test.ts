import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { sqlLogPersister } from '../../src/cloudflare/sql-log'
import { type Entry, entryFromObject, keptLength } from '../../src/codec/entry'
import type { Step } from '../../src/persistence/persister'
import { type SqlDatabase, sqliteDatabase } from '../../src/persistence/sql/database'
import { newWriter } from '../../src/persistence/writer'
import { createRandom } from '../../src/testing/random'
import { scopeOf } from '../persistence/contract'

const { KUBEFLECT_TEXT_SEEDS = '5' } = process.env

type Pod = { metadata: { name: string; resourceVersion: string }; data: string }

const pod = (name: string, version: number, data = 'x'.repeat(2000)): Entry<Pod> =>
  entryFromObject<Pod>({ metadata: { name, resourceVersion: String(version) }, data: `${name}@${version} ${data}` })

const replace = (version: number, puts: readonly Entry<unknown>[]): Step => ({ type: 'replace', puts, resourceVersion: String(version) })
const apply = (version: number, puts: readonly Entry<unknown>[], deletes: readonly string[] = []): Step => ({
  type: 'apply',
  puts,
  deletes,
  resourceVersion: String(version),
})

/** A persister, and the number of segments it has read. */
async function open(database: SqlDatabase, residentBytes: number) {
  const errors: unknown[] = []
  const read = { segments: 0, errors }
  const counting: SqlDatabase = {
    ...database,
    all(sql, ...parameters) {
      if (/^SELECT head, body/.test(sql)) read.segments++
      return database.all(sql, ...parameters)
    },
  }
  const persister = sqlLogPersister(counting, { residentBytes, onReadError: (error) => errors.push(error) })
  const writer = newWriter()
  const snapshot = await persister.load(scopeOf(), { writer })
  const entries = (snapshot?.records ?? []) as readonly Entry<Pod>[]
  return { read, entries, commit: (step: Step) => persister.commit(scopeOf(), { ...step, writer }), clear: () => persister.clear() }
}

const inMemory = (entries: readonly Entry<unknown>[]): number => entries.filter((entry) => keptLength(entry) > entry.key.length).length
const database = () => sqliteDatabase(new DatabaseSync(':memory:'))

describe('sqlLogPersister with residentBytes', () => {
  it('leaves the texts of the entries that changed the longest ago to the database, and keeps the newest ones', async () => {
    const { commit, read } = await open(database(), 10_000)
    const old = Array.from({ length: 20 }, (_, n) => pod(`a${n}`, n + 1))
    await commit(replace(20, old))
    expect(inMemory(old)).toBe(4)
    const young = [pod('b', 21), pod('a0', 22)]
    await commit(apply(22, young))
    expect([inMemory(old), inMemory(young)]).toEqual([3, 2])
    expect(read.segments).toBe(1)
    for (const [n, { text, object }] of old.entries()) {
      expect(text).toContain(`a${n}@${n + 1} xxx`)
      expect(object.metadata.name).toBe(`a${n}`)
    }
  })

  it('reads no text while it loads, then each segment once as long as the bound has room', async () => {
    const shared = database()
    const first = await open(shared, 1e9)
    const pods = Array.from({ length: 1000 }, (_, n) => pod(`a${n}`, n + 1))
    await first.commit(replace(1000, pods))
    const { entries, read } = await open(shared, 1e9)
    expect([entries.length, read.segments, inMemory(entries)]).toEqual([1000, 0, 0])
    // Every fourth first, so that each segment is needed many times.
    for (const step of [4, 1]) for (let n = 0; n < 1000; n += step) expect(entries[n]?.text).toBe(pods[999 - n]?.text)
    expect([read.segments, inMemory(entries)]).toEqual([4, 1000])
  })

  it('restores the texts of entries that were replaced and deleted, for watches and lists that still need them', async () => {
    const { commit } = await open(database(), 0)
    const [a, b, c] = [pod('a', 1), pod('b', 2), pod('c', 3)]
    await commit(replace(3, [a, b, c]))
    expect(inMemory([a, b, c])).toBe(0)
    await commit(apply(5, [pod('a', 5)], ['b']))
    await commit(replace(7, [c]))
    expect(inMemory([a, b, c])).toBe(2)
    expect([a.text, b.text, c.text].map((text) => /[abc]@\d/.exec(text)?.[0])).toEqual(['a@1', 'b@2', 'c@3'])
  })

  it('stores a complete state whose texts are mostly in the database only', async () => {
    const shared = database()
    const { commit } = await open(shared, 0)
    const pods = Array.from({ length: 600 }, (_, n) => pod(`a${n}`, n + 1))
    await commit(replace(600, pods))
    await commit(replace(601, [...pods.slice(1), pod('z', 601)]))
    const { entries } = await open(shared, 0)
    expect(entries.map(({ text }) => text).sort()).toEqual([...pods.slice(1), pod('z', 601)].map(({ text }) => text).sort())
  })

  it('follows texts that compaction moves, through random histories', async () => {
    for (let seed = 1; seed <= Number(KUBEFLECT_TEXT_SEEDS); seed++) {
      const random = createRandom(seed)
      const shared = database()
      let { commit, entries } = await open(shared, random.below(60_000))
      const current = new Map<string, Entry<unknown>>()
      const texts = new Map<Entry<unknown>, string>()
      for (let version = 1; version <= 120; version++) {
        const made = Array.from({ length: 1 + random.below(11) }, (_, n) =>
          pod(`k${(version + n * 7) % 40}`, version, 'y'.repeat(random.below(9000))),
        )
        const deletes = [...current.keys()].filter((key) => random.below(30) === 0 && !made.some((each) => each.key === key))
        for (const entry of made) texts.set(entry, entry.text)
        for (const key of deletes) current.delete(key)
        for (const entry of made) current.set(entry.key, entry)
        await commit(version === 1 || random.below(40) === 0 ? replace(version, [...current.values()]) : apply(version, made, deletes))
        for (const entry of current.values()) expect(entry.text).toBe(texts.get(entry))
        if (random.below(25) > 0) continue
        // Entries that are no longer current are still readable.
        for (const [entry, text] of texts) expect(entry.text).toBe(text)
        const stored = new Map([...current].map(([key, entry]) => [key, texts.get(entry) ?? '']))
        ;({ commit, entries } = await open(shared, random.below(60_000)))
        expect(entries.length).toBe(stored.size)
        current.clear()
        texts.clear()
        for (const entry of entries) {
          current.set(entry.key, entry)
          texts.set(entry, stored.get(entry.key) ?? '')
        }
      }
    }
  })

  it('says so when another writer has taken over the database, and returns no text of another version', async () => {
    const shared = database()
    const old = await open(shared, 0)
    const a = pod('a', 1)
    await old.commit(replace(1, [a]))
    const young = await open(shared, 0)
    await young.commit(replace(2, [pod('a', 2)]))
    expect(() => a.text).toThrow('the text of a cannot be unpacked')
    expect(old.read.errors).toEqual([expect.objectContaining({ code: 'fenced' })])
  })

  it('a commit that fails leaves every text readable', async () => {
    const shared = database()
    let isBroken = false
    const breaking: SqlDatabase = {
      ...shared,
      run(sql, ...parameters) {
        if (isBroken && sql.startsWith('INSERT OR REPLACE')) throw new Error('database or disk is full')
        shared.run(sql, ...parameters)
      },
    }
    const { commit } = await open(breaking, 0)
    const [a, b] = [pod('a', 1), pod('b', 2)]
    await commit(replace(2, [a, b]))
    isBroken = true
    await expect(commit(apply(3, [pod('a', 3)]))).rejects.toMatchObject({ code: 'quota' })
    isBroken = false
    expect([a.text, b.text]).toEqual([pod('a', 1).text, pod('b', 2).text])
    await commit(apply(4, [pod('a', 4)]))
    expect([a.text, b.text]).toEqual([pod('a', 1).text, pod('b', 2).text])
  })

  it.each([-1, Number.NaN])('refuses a bound of %s', (residentBytes) => {
    expect(() => sqlLogPersister(database(), { residentBytes })).toThrow(RangeError)
  })
})
