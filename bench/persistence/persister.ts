// Measures idbPersister step by step. Runs in a page.

import { type Entry, entryFromText } from '../../src/codec/entry'
import { idbPersister } from '../../src/idb'
import type { Scope } from '../../src/persistence/persister'
import { type Measured, podText, timed } from './measure'

const scope: Scope = { cluster: 'c', user: '', resource: 'pods/v1', namespace: '', labelSelector: '', fieldSelector: '', version: '' }

/** Measures the persister from the first list to a reload after many changes. */
export async function steps(count: number, nonAscii: boolean): Promise<Measured[]> {
  const measured: Measured[] = []
  const writing = async (name: string, work: () => Promise<void>): Promise<void> => {
    const { ms, pauseMs } = await timed(work)
    measured.push({ name: `idbPersister: ${name}`, metrics: { writeMs: ms, writePauseMs: pauseMs } })
  }
  const reading = async <R>(name: string, work: () => Promise<R>): Promise<R> => {
    const { result, ms, pauseMs } = await timed(work)
    measured.push({ name: `idbPersister: ${name}`, metrics: { readMs: ms, readPauseMs: pauseMs } })
    return result
  }
  const pods = Array.from({ length: count }, (_, n): Entry<unknown> => entryFromText(podText(n, nonAscii)))
  let tidy: (() => void) | undefined
  const persister = idbPersister({
    database: 'bench-persister',
    whenIdle: (run) => {
      tidy = run
    },
  })
  let loads = 0
  let writer = ''
  const load = (each: Scope = scope) => {
    writer = `w${++loads}`
    return persister.load(each, { writer })
  }
  await load()
  await writing('replace', () => persister.commit(scope, { type: 'replace', writer, puts: pods, resourceVersion: '1' }))
  const batch = 20
  let commits = 0
  const change = () =>
    persister.commit(scope, {
      type: 'apply',
      writer,
      puts: pods.slice((commits * batch) % count).slice(0, batch),
      deletes: [],
      resourceVersion: String(++commits + 1),
    })
  await writing(`100 commits of ${batch} changes`, async () => {
    while (commits < 100) await change()
  })
  await reading('load, journal of 100 commits', () => load())
  while (tidy === undefined) await change()
  await reading(`load, journal of ${commits} commits`, () => load())
  await writing('compact', async () => {
    while (tidy) {
      const run = tidy
      tidy = undefined
      run()
      // Await here, so that the steps run one after the other.
      await persister.load({ ...scope, user: 'another' }, { writer: 'another' })
    }
  })
  const snapshot = await reading('load, compacted', () => load())
  await reading('entries of the texts', async () => snapshot?.records.map(({ text }) => entryFromText(text)))
  await persister.clear()
  return measured
}
