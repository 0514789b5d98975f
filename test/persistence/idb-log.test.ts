import fc from 'fast-check'
import { expect, test } from 'vitest'
import { entryFromObject } from '../../src/codec/entry'
import { isLogRecord } from '../../src/persistence/idb/layout'
import { IdbLog, type LogRecord } from '../../src/persistence/idb/log'
import { packedRows } from '../../src/persistence/idb/packed-rows'
import { plainRows, rowsOf } from '../../src/persistence/idb/rows'
import type { StoredRecord } from '../../src/persistence/persister'
import { workloadPodFixture } from '../../src/testing/workload-fixtures'

/** Texts are large, so that a few records make a log worth tidying. */
const text = fc.tuple(fc.nat(999), fc.constantFrom(0, 5_000, 60_000)).map(([n, length]) => `${n}${'x'.repeat(length)}`)
const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')
const record: fc.Arbitrary<LogRecord> = fc
  .record({ puts: fc.array(fc.tuple(key, text), { maxLength: 4 }), deletes: fc.uniqueArray(key, { maxLength: 2 }) })
  .map(({ puts, deletes }) => ({ keys: puts.map(([each]) => each), texts: puts.map(([, each]) => each), deletes }))

/** Everything a log knows, as far as it can be seen: also after all that there is to tidy was tidied. */
function knowledge(log: IdbLog, records: readonly LogRecord[]): unknown {
  const lying = new Map(records.map((each, n) => [log.first + n, each]))
  const seen: unknown[] = [log.first, log.next, log.chore, log.isOverdue]
  for (let chores = 0; log.chore && chores < 100; chores++) {
    const { chore } = log
    const taken = Array.from({ length: chore.to - chore.from }, (_, n) => lying.get(chore.from + n)).filter((each) => each !== undefined)
    const gathered = log.gather(chore, taken)
    if (gathered) lying.set(log.placeOf(chore), gathered)
    log.settle(chore, gathered)
    seen.push(gathered, log.first, log.next, log.chore, log.isOverdue)
  }
  return seen
}

test('a log read from its newest to its oldest record gives the state that was written', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 80 }), fc.nat(5), (records, first) => {
      const written = new IdbLog(first)
      const state = new Map<string, string>()
      for (const each of records) {
        written.append(each)
        for (const name of each.deletes) state.delete(name)
        for (const [n, name] of each.keys.entries()) state.set(name, each.texts[n] ?? '')
      }
      const read = new IdbLog(first + records.length)
      const needed = [...records].reverse().flatMap((each) => read.prepend(each).map(plainRows.reader(each)))
      expect(needed.map(({ key, text }) => `${key} ${text}`).sort()).toEqual([...state].map((each) => each.join(' ')).sort())
      expect(knowledge(read, records)).toEqual(knowledge(written, records))
    }),
    { numRuns: 300 },
  )
})

test('a packed log gives the state that was written, before and after each step of its compaction', () => {
  const codec = packedRows()
  const name = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')
  const pod = fc.tuple(name, fc.nat(40), fc.boolean()).map(([key, index, nonAscii]) => {
    const { text } = entryFromObject(workloadPodFixture(index, { workloads: 2, nonAscii }))
    return { key, text: text.repeat(1 + (index % 3)), uid: `uid-${key}`, resourceVersion: String(index) }
  })
  const step = fc.record({
    puts: fc.uniqueArray(pod, { maxLength: 6, selector: ({ key }) => key }),
    deletes: fc.uniqueArray(name, { maxLength: 2 }),
    isState: fc.boolean(),
  })
  const shown = ({ key, text, uid, resourceVersion }: StoredRecord) => `${key} ${uid} ${resourceVersion} ${text}`
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const written = new IdbLog(0, codec)
      const state = new Map<string, string>()
      const lying = new Map<number, LogRecord>()
      for (const { puts, deletes, isState } of steps) {
        const each = { ...(isState ? codec.encode(puts) : rowsOf(puts)), deletes }
        expect(isLogRecord(each, codec)).toBe(true)
        lying.set(written.next, each)
        written.append(each)
        for (const key of deletes) state.delete(key)
        for (const put of puts) state.set(put.key, shown(put))
      }
      const check = () => {
        const read = new IdbLog(written.next, codec)
        const found: string[] = []
        for (let at = written.next - 1; at >= written.first; at--) {
          const record = lying.get(at) ?? { keys: [], texts: [], deletes: [] }
          found.push(...read.prepend(record).map(codec.reader(record)).map(shown))
        }
        expect(found.sort().join() === [...state.values()].sort().join()).toBe(true)
      }
      check()
      for (let chores = 0; written.chore && chores < 100; chores++) {
        const { chore } = written
        const taken = Array.from({ length: chore.to - chore.from }, (_, n) => lying.get(chore.from + n) as LogRecord)
        const gathered = written.gather(chore, taken)
        if (gathered) {
          expect(isLogRecord(gathered, codec)).toBe(true)
          lying.set(written.placeOf(chore), gathered)
        }
        written.settle(chore, gathered)
        check()
      }
    }),
    { numRuns: 60 },
  )
})
