// The question of whether the cost per object grows with their number.

import { ownRows } from '../harness/cast.ts'
import type { Mode, Question } from '../harness/question.ts'
import type { MeasuredGroup } from '../harness/results.ts'
import { measureGroup } from '../harness/rounds.ts'

const rows = [
  { name: 'parsed objects in a Map', task: { subject: 'parsedObjects' } },
  { name: 'kubeflect, nothing read', task: { subject: 'kubeflect' } },
] as const
const NODE_ONLY = 100_000

/** Whether the cost grows linearly. */
export const scale: Question = {
  name: 'scale',
  title: 'Scale: from 1,000 to 200,000 objects',
  text: 'The initial state is streamed, followed by one event per object, 100,000 at most. A cost that grows linearly has the same figure in each table, except the first, in which the runtime is still warming up. CPU is the CPU time of the whole process; in Chromium, of the main thread.',
  columns: [
    { title: 'first state, CPU µs per object', metric: 'listCpuPerObjectUs', show: 'number' },
    { title: 'events, CPU µs each', metric: 'watchCpuPerEventUs', show: 'number' },
    { title: 'heap kB per object', metric: 'heapPerObject', show: 'kB' },
    { title: 'peak memory MB', metric: 'peakMB', show: 'MB' },
  ],
  async measure(mode: Mode) {
    const node = await ownRows('Node', rows, mode)
    const chromium = await ownRows('Chromium', rows, mode)
    const groups: MeasuredGroup[] = []
    for (const objects of mode.quick ? [1_000, 10_000] : [1_000, 10_000, 50_000, 100_000, 200_000]) {
      const load = { kind: 'pods', objects, events: Math.min(objects, 100_000) } as const
      // A page cannot hold much more than 2 GB of parsed objects.
      const compared = objects > NODE_ONLY ? [...node, ...chromium.slice(1)] : [...node, ...chromium]
      groups.push(await measureGroup({ title: `${objects.toLocaleString('en')} pods`, load, rows: compared }, Math.min(mode.rounds, 3)))
    }
    return { groups }
  },
}
