// The question of what a sorted, filtered window costs.

import { ownRows } from '../harness/cast.ts'
import type { Mode, Question } from '../harness/question.ts'
import type { MeasuredGroup } from '../harness/results.ts'
import { measureGroup } from '../harness/rounds.ts'

const rows = [
  { name: 'array: filter, sort, slice', task: { subject: 'arrayView' } },
  { name: 'kubeflect createView', task: { subject: 'kubeflect/view' } },
] as const

/** The cost of a sorted, filtered window. */
export const view: Question = {
  name: 'view',
  title: 'Views: a sorted table of 50 rows',
  text: 'Half of the pods match a label selector; they are sorted by start time, and 50 are shown. The array holds objects that were parsed in advance, and is filtered, sorted and sliced again after each change. The view parses what it needs; the first look includes that cost.',
  columns: [
    { title: 'a change ÷ array', metric: 'changeUs', show: 'ratio', reference: 'array: filter, sort, slice' },
    { title: 'a change µs', metric: 'changeUs', show: 'number' },
    { title: 'first look ms', metric: 'firstMs', show: 'ms' },
    { title: 'a search ms', metric: 'searchMs', show: 'number' },
    { title: 'scrolling µs', metric: 'windowUs', show: 'number' },
  ],
  async measure(mode: Mode) {
    const all = (await Promise.all((['Node', 'Chromium'] as const).map((runtime) => ownRows(runtime, rows, mode)))).flat()
    const groups: MeasuredGroup[] = []
    for (const objects of mode.quick ? [2_000] : [10_000, 50_000])
      groups.push(
        await measureGroup({ title: `${objects.toLocaleString('en')} pods`, load: { kind: 'pods', objects }, rows: all }, mode.rounds),
      )
    return { groups }
  },
}
