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
  text: 'The state is streamed, then as many events come as there are objects, 100,000 at most. What grows in proportion has the same figures in each table, but for a runtime that still has to get warm in the first one. CPU is that of the whole process, in Chromium that of the main thread.',
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
      const who = objects > NODE_ONLY ? [...node, ...chromium.slice(1)] : [...node, ...chromium]
      groups.push(await measureGroup({ title: `${objects.toLocaleString('en')} pods`, load, rows: who }, Math.min(mode.rounds, 3)))
    }
    return { groups }
  },
}
