// The question of what a change costs in a table of React, rendering included.

import { ownRows } from '../harness/cast.ts'
import type { Mode, Question } from '../harness/question.ts'
import { measureGroup } from '../harness/rounds.ts'

const HEADLAMP = "Headlamp's way"

const rows = [
  { name: 'floor', task: { subject: 'floor' } },
  { name: HEADLAMP, task: { subject: 'headlamp' } },
  { name: 'kubeflect useList', task: { subject: 'kubeflect/bindings' } },
] as const

/** The cost of a change in a table of React. */
export const bindings: Question = {
  name: 'bindings',
  title: 'Bindings: a live table of 50 rows in React',
  text: "Pods are listed and shown, sorted by start time; then 2,000 of them change per second. CPU is the main thread's time per change in Chromium, with reading, parsing and rendering. Headlamp's way, rebuilt: react-query has the list; each event copies it, finds the object by its uid and sets the query's data; the table sorts all objects once a second. The floor parses each event and shows nothing.",
  columns: [
    { title: 'CPU a change ÷ Headlamp', metric: 'watchCpuPerEventUs', show: 'ratio', reference: HEADLAMP },
    { title: 'CPU a change µs', metric: 'watchCpuPerEventUs', show: 'number' },
    { title: 'longest pause ms', metric: 'watchPauseMs', show: 'ms' },
    { title: 'first rows ms', metric: 'firstMs', show: 'ms' },
  ],
  async measure(mode: Mode) {
    const all = await ownRows('Chromium', rows, mode)
    const [objects, events] = mode.quick ? [2_000, 4_000] : [10_000, 6_000]
    const load = { kind: 'pods', objects, events, rate: 2_000 } as const
    return { groups: [await measureGroup({ title: `${objects.toLocaleString('en')} pods`, load, rows: all }, mode.rounds)] }
  },
}
