import fc from 'fast-check'
import { expect, test } from 'vitest'
import { IdbLog, type LogRecord } from '../../src/persistence/idb/log'

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
      const needed = [...records].reverse().flatMap((each) => read.prepend(each))
      expect(needed.map(({ key, text }) => `${key} ${text}`).sort()).toEqual([...state].map((each) => each.join(' ')).sort())
      expect(knowledge(read, records)).toEqual(knowledge(written, records))
    }),
    { numRuns: 300 },
  )
})
