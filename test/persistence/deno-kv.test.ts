import { describe, expect, test } from 'vitest'
import { denoKvPersister } from '../../src/deno-kv'
import { apply, contract, Holder, outcome, replace, scopeOf, stored } from './contract'
import { FakeDenoKv } from './support/fake-deno-kv'

// What the real one does is tested in Deno: test/runtime. Here things can go wrong at every single operation.

const open = (kv: FakeDenoKv) => new Holder(denoKvPersister(kv))
const megabytes = (version: string) => Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`k${n}`, version + 'x'.repeat(50_000)]))
const short = (text: string) => text.replaceAll(/x+/g, '')
const whole = (version: string, texts = version) => `${version}: ${Array(40).fill(texts).join(', ')}`
const logsIn = (kv: FakeDenoKv) => new Set(kv.keys.filter((key) => key.includes('logs')).map((key) => key.at(-2)))

describe('denoKvPersister', () => {
  for (const { title, run } of contract)
    test(title, async () => {
      const kv = new FakeDenoKv()
      await run({ open: () => open(kv) })
    })

  for (const step of [replace('2', megabytes('2')), apply('2', megabytes('2'))])
    test(`a large ${step.type} that is interrupted at any operation leaves the complete state before or after it`, async () => {
      const outcomes = new Set<string>()
      for (let dying = 1; !outcomes.has('stored'); dying++) {
        const kv = new FakeDenoKv()
        const writer = open(kv)
        await writer.commit(scopeOf(), replace('1', megabytes('1')))
        const before = kv.commits
        kv.beforeCommit = (number) => {
          if (number >= before + dying) throw new Error('the power failed')
        }
        const how = await outcome(writer.commit(scopeOf(), step))
        outcomes.add(how)
        kv.beforeCommit = () => {}
        expect(short(await stored(open(kv)))).toBe(how === 'stored' ? whole('2') : whole('1'))
        expect(logsIn(kv).size).toBe(1)
      }
      expect([...outcomes]).toEqual(['unavailable', 'stored'])
    })

  test('a writer that loses the scope during a large step stores nothing of it', async () => {
    const kv = new FakeDenoKv()
    const [first, second] = [open(kv), open(kv)]
    await first.commit(scopeOf(), replace('1', { a: 'a1' }))
    const before = kv.commits
    kv.beforeCommit = async (number) => {
      if (number === before + 2) expect(await stored(second)).toBe('1: a1')
    }
    expect(await outcome(first.commit(scopeOf(), apply('2', megabytes('2'))))).toBe('fenced')
    expect(await outcome(second.commit(scopeOf(), apply('3', { b: 'b3' })))).toBe('stored')
    expect(await stored(open(kv))).toBe('3: a1, b3')
  })

  test('a log that has doubled is rewritten, and nothing of the previous one remains', async () => {
    const kv = new FakeDenoKv()
    const writer = open(kv)
    const text = 'x'.repeat(50_000)
    await writer.commit(scopeOf(), replace('1', { a: text, b: 'b1' }))
    const [first] = logsIn(kv)
    for (let version = 2; version < 30; version++) await writer.commit(scopeOf(), apply(String(version), { a: `${version}${text}` }))
    expect(logsIn(kv).size).toBe(1)
    expect(logsIn(kv)).not.toContain(first)
    expect(kv.keys.length).toBeLessThan(10)
    expect(short(await stored(open(kv)))).toBe('29: 29, b1')
  })

  test('a step that only moves the version writes only the head', async () => {
    const kv = new FakeDenoKv()
    const writer = open(kv)
    await writer.commit(scopeOf(), replace('1', { a: 'a1' }))
    const keys = kv.keys.length
    for (const version of ['2', '3']) await writer.commit(scopeOf(), apply(version))
    expect(kv.keys.length).toBe(keys)
    expect(await stored(open(kv))).toBe('3: a1')
  })

  for (const [damage, value] of [
    ['is missing', undefined],
    ['is cut off', new TextEncoder().encode('["a","a1"')],
    ['has other lines', new TextEncoder().encode('{"a":1}\n')],
    ['is something else', 'text'],
  ] as const)
    test(`a snapshot with a chunk ${damage} is removed and stored again`, async () => {
      const kv = new FakeDenoKv()
      await open(kv).commit(scopeOf(), replace('1', { a: 'a1' }))
      const chunk = kv.keys.find((key) => key.includes('logs')) ?? []
      const operation = kv.atomic()
      await (value === undefined ? operation.delete(chunk) : operation.set(chunk, value)).commit()
      const writer = open(kv)
      expect(await stored(writer)).toBe('nothing')
      expect(await outcome(writer.commit(scopeOf(), apply('2', { b: 'b2' })))).toBe('fenced')
      expect(await outcome(writer.commit(scopeOf(), replace('3', { c: 'c3' })))).toBe('stored')
      expect(await stored(open(kv))).toBe('3: c3')
    })

  test('clear leaves no key behind, including those of interrupted steps', async () => {
    const kv = new FakeDenoKv()
    const writer = open(kv)
    await writer.commit(scopeOf(), replace('1', { a: 'a1' }))
    kv.beforeCommit = (number) => {
      if (number === 4) throw new Error('the power failed')
    }
    expect(await outcome(writer.commit(scopeOf(), replace('2', megabytes('2'))))).toBe('unavailable')
    await open(kv).clear({ user: 'ann' })
    expect(kv.keys).toEqual([])
  })

  test('a storage that fails is unavailable, with its error as the cause', async () => {
    const kv = new FakeDenoKv()
    const cause = new TypeError('connection closed')
    kv.beforeCommit = () => {
      throw cause
    }
    await expect(open(kv).load(scopeOf())).rejects.toMatchObject({
      code: 'unavailable',
      message: 'Deno KV cannot be used: connection closed',
      cause,
    })
  })
})
