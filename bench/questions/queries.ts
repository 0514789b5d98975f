// The question of what a query of the cache costs.

import { ownRows } from '../harness/cast.ts'
import type { Mode, Question } from '../harness/question.ts'
import { measureGroup } from '../harness/rounds.ts'

const rows = [
  { name: 'array of parsed objects, filtered', task: { subject: 'arrays' } },
  { name: 'kubeflect', task: { subject: 'kubeflect/queries' } },
] as const

/** The cost of queries. */
export const queries: Question = {
  name: 'queries',
  title: 'Queries: finding objects in a cache',
  text: 'Queries for one of 20 namespaces, one of 200 nodes by an index, one object by its key, and a selector of two labels. The first query with a selector builds the index of labels. The array holds objects that were parsed in advance. Microseconds per call.',
  columns: [
    {
      title: 'label selector ÷ array',
      metric: 'selectorUs',
      show: 'ratio',
      reference: 'array of parsed objects, filtered',
    },
    {
      title: 'label selector CPU ÷ array',
      metric: 'selectorCpuUs',
      show: 'ratio',
      reference: 'array of parsed objects, filtered',
    },
    { title: 'first label selector CPU ms', metric: 'selectorFirstCpuMs', show: 'number' },
    { title: 'first label selector ms', metric: 'selectorFirstMs', show: 'number' },
    { title: 'label selector µs', metric: 'selectorUs', show: 'number' },
    { title: 'index µs', metric: 'indexUs', show: 'number' },
    { title: 'namespace µs', metric: 'namespaceUs', show: 'number' },
    { title: 'key µs', metric: 'keyUs', show: 'number' },
  ],
  async measure(mode: Mode) {
    const objects = mode.quick ? 2_000 : 10_000
    const all = (await Promise.all((['Node', 'Deno', 'Bun', 'Chromium'] as const).map((runtime) => ownRows(runtime, rows, mode)))).flat()
    const load = { kind: 'pods', objects } as const
    return { groups: [await measureGroup({ title: `${objects.toLocaleString('en')} pods`, load, rows: all }, mode.rounds)] }
  },
}
