// The question of what persistence costs a page.

import { ownRows } from '../harness/cast.ts'
import type { Mode, Question } from '../harness/question.ts'
import { measureGroup } from '../harness/rounds.ts'

const rows = [
  { name: 'kubeflect, in memory only', task: { subject: 'kubeflect/steady' } },
  { name: 'kubeflect, stored in IndexedDB', task: { subject: 'kubeflect/steady', stored: true } },
] as const

/** The cost of persistence for a page that follows changes. */
export const storage: Question = {
  name: 'storage',
  title: 'Storage: following 500 changes a second',
  text: 'A page in Chromium follows pods with 500 changes per second, with and without idbPersister. Busy is the share of time in which the main thread was working. Written is the number of characters put into IndexedDB per byte of changed objects, compaction included.',
  columns: [
    { title: 'main thread busy %', metric: 'busyShare', show: 'percent' },
    { title: 'written ÷ changed', metric: 'writtenPerChanged', show: 'number' },
  ],
  async measure(mode: Mode) {
    const [objects, events] = mode.quick ? [2_000, 2_000] : [10_000, 10_000]
    const load = { kind: 'pods', objects, events, rate: 500 } as const
    const group = { title: `${objects.toLocaleString('en')} pods`, load, rows: await ownRows('Chromium', rows, mode) }
    return { groups: [await measureGroup(group, mode.rounds)] }
  },
}
