import { idbPersister } from '../../src/idb'
import { type Entry, entryFromText } from '../../src/meta/entry'
import type { Scope } from '../../src/persistence/persister'
import { podText, timed } from './measure'

/** What one step cost, in milliseconds. */
export interface Step {
  readonly step: string
  readonly ms: number
  readonly pauseMs: number
}

const scope: Scope = { cluster: 'c', user: '', resource: 'pods/v1', namespace: '', labelSelector: '', fieldSelector: '', version: '' }

/** The persister itself, from the first list to a reload after many changes. */
export async function steps(count: number, nonAscii: boolean): Promise<Step[]> {
  const measured: Step[] = []
  const step = async <R>(name: string, work: () => Promise<R>): Promise<R> => {
    const { result, ms, pauseMs } = await timed(work)
    measured.push({ step: name, ms, pauseMs })
    return result
  }
  const pods = Array.from({ length: count }, (_, n): Entry<unknown> => entryFromText(podText(n, nonAscii)))
  let fold: (() => void) | undefined
  const persister = idbPersister({
    database: 'bench-persister',
    whenIdle: (run) => {
      fold = run
    },
  })
  await step('replace by everything', () => persister.commit(scope, { type: 'replace', puts: pods, resourceVersion: '1' }))
  const batch = 20
  let commits = 0
  const change = () =>
    persister.commit(scope, {
      type: 'apply',
      puts: pods.slice((commits * batch) % count).slice(0, batch),
      deletes: [],
      resourceVersion: String(++commits + 1),
    })
  await step(`100 commits of ${batch} changes`, async () => {
    while (commits < 100) await change()
  })
  await step('load, journal of 100 commits', () => persister.load(scope))
  while (fold === undefined) await change()
  await step(`load, journal of ${commits} commits`, () => persister.load(scope))
  await step('fold', async () => {
    fold?.()
    await persister.load({ ...scope, user: 'waits for the fold' })
  })
  const texts = await step('load, folded', () => persister.load(scope))
  await step('entries of the texts', async () => texts?.texts.map((text) => entryFromText(text)))
  await persister.clear()
  return measured
}
