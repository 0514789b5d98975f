// The question of how much memory a cached object takes.

import { ownRows } from '../harness/cast.ts'
import type { Mode, Question } from '../harness/question.ts'
import type { MeasuredGroup } from '../harness/results.ts'
import { measureGroup } from '../harness/rounds.ts'

const rows = [
  { name: 'parsed objects in a Map', task: { subject: 'parsedObjects' } },
  { name: 'kubeflect, nothing read', task: { subject: 'kubeflect' } },
] as const

/** The memory of a cached object. */
export const memory: Question = {
  name: 'memory',
  title: 'Memory: size of a cached object',
  text: 'The live heap with all objects, buffers included, divided by the number of objects. For comparison: the size of the object as the server sends it, and without managedFields, in UTF-8. The table of lists has the memory of the peers.',
  columns: [
    { title: 'heap ÷ parsed', metric: 'heapPerObject', show: 'ratio', reference: 'parsed objects in a Map' },
    { title: 'heap kB per object', metric: 'heapPerObject', show: 'kB' },
    { title: 'sent kB', metric: 'objectBytes', show: 'kB' },
    { title: 'kept kB', metric: 'keptBytes', show: 'kB' },
    { title: 'peak memory MB', metric: 'peakMB', show: 'MB' },
  ],
  async measure(mode: Mode) {
    const runtimes = ['Node', 'Deno', 'Bun', 'Chromium'] as const
    const all = (await Promise.all(runtimes.map((runtime) => ownRows(runtime, rows, mode)))).flat()
    const scale = mode.quick ? 0.2 : 1
    const groups: MeasuredGroup[] = []
    for (const [title, load] of [
      ['pods', { kind: 'pods', objects: 10_000 * scale }],
      ['pods, each with text beyond ASCII', { kind: 'pods', objects: 10_000 * scale, nonAsciiEvery: 1 }],
      ['ConfigMaps of 1 kB', { kind: 'configmaps', objects: 50_000 * scale }],
      ['custom resources of 60 kB', { kind: 'widgets', objects: 1_000 * scale }],
    ] as const)
      groups.push(await measureGroup({ title: `${load.objects.toLocaleString('en')} ${title}`, load, rows: all }, mode.rounds))
    return { groups }
  },
}
