// The question of how long a page with a large cache blocks.

import { ownRows } from '../harness/cast.ts'
import type { Mode, Question } from '../harness/question.ts'
import { measureGroup } from '../harness/rounds.ts'

const rows = [
  { name: 'parsed objects in a Map', task: { subject: 'parsedObjects' } },
  { name: 'kubeflect, nothing read', task: { subject: 'kubeflect' } },
  { name: 'kubeflect, each change read once per frame', task: { subject: 'kubeflect', reading: 'frame' } },
] as const

/** The longest pause of a page with a large cache. */
export const pause: Question = {
  name: 'pause',
  title: 'Pauses: a page with a large cache',
  text: 'The pods are streamed into a page; then 2,000 of them change per second, for 10 seconds. The pause is the longest delay of a 1 ms timer.',
  columns: [
    { title: 'longest pause ms, 2,000 changes/s', metric: 'watchPauseMs', show: 'ms' },
    { title: 'longest pause ms, first state', metric: 'listPauseMs', show: 'ms' },
    { title: '50 rows ms', metric: 'firstMs', show: 'ms' },
    { title: 'first state ms', metric: 'listMs', show: 'ms' },
    { title: 'peak memory MB', metric: 'peakMB', show: 'MB' },
  ],
  async measure(mode: Mode) {
    const [objects, events] = mode.quick ? [10_000, 4_000] : [100_000, 20_000]
    const load = { kind: 'pods', objects, events, rate: 2_000 } as const
    const all = (await Promise.all((['Chromium', 'Node'] as const).map((runtime) => ownRows(runtime, rows, mode)))).flat()
    return { groups: [await measureGroup({ title: `${objects.toLocaleString('en')} pods`, load, rows: all }, mode.rounds)] }
  },
}
