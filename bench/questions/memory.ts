// The question of how much memory a cached object takes.
import { readFileSync } from 'node:fs'

import { bundle } from '../harness/build.ts'
import { ownRows } from '../harness/cast.ts'
import type { Mode, Question } from '../harness/question.ts'
import type { MeasuredGroup } from '../harness/results.ts'
import { measureGroup } from '../harness/rounds.ts'

const rows = [
  { name: 'parsed objects in a Map', task: { subject: 'parsedObjects' } },
  { name: 'kubeflect, nothing read', task: { subject: 'kubeflect' } },
  { name: 'kubeflect, packed', task: { subject: 'kubeflect', pack: true } },
] as const

/** The memory of a cached object. */
export const memory: Question = {
  name: 'memory',
  title: 'Memory: size of a cached object',
  text: 'The live heap with all objects, buffers included, divided by the number of objects. Packed texts are measured when the idle work is done; the heap of a Worker is not included. Resident memory is that of the process, in Chromium of the page’s process with its Worker, after a garbage collection. For comparison: the size of the object as the server sends it, and without managedFields, in UTF-8. The table of lists has the memory of the peers.',
  columns: [
    { title: 'heap ÷ parsed', metric: 'heapPerObject', show: 'ratio', reference: 'parsed objects in a Map' },
    { title: 'heap kB per object', metric: 'heapPerObject', show: 'kB' },
    { title: 'sent kB', metric: 'objectBytes', show: 'kB' },
    { title: 'kept kB', metric: 'keptBytes', show: 'kB' },
    { title: 'resident memory MB', metric: 'residentMB', show: 'MB' },
    { title: 'peak memory MB', metric: 'peakMB', show: 'MB' },
  ],
  async measure(mode: Mode) {
    const runtimes = ['Node', 'Deno', 'Bun', 'Chromium'] as const
    const worker = readFileSync(await bundle('../src/worker.ts', { platform: 'browser' }), 'utf8')
    const inWorker = [
      { name: 'kubeflect, nothing read, with a Worker', task: { subject: 'kubeflect', worker } },
      { name: 'kubeflect, packed in a Worker', task: { subject: 'kubeflect', pack: true, worker } },
    ] as const
    const all = [
      ...(await Promise.all(runtimes.map((runtime) => ownRows(runtime, rows, mode)))).flat(),
      ...(await ownRows('Chromium', inWorker, mode)),
    ]
    const scale = mode.quick ? 0.2 : 1
    const groups: MeasuredGroup[] = []
    for (const [title, load] of [
      ['pods', { kind: 'pods', objects: 10_000 * scale }],
      ['pods of 300 workloads', { kind: 'workloads', objects: 30_000 * scale }],
      ['pods, each with text beyond ASCII', { kind: 'pods', objects: 10_000 * scale, nonAsciiEvery: 1 }],
      ['ConfigMaps of 1 kB', { kind: 'configmaps', objects: 50_000 * scale }],
      ['custom resources of 60 kB', { kind: 'widgets', objects: 1_000 * scale }],
    ] as const)
      groups.push(await measureGroup({ title: `${load.objects.toLocaleString('en')} ${title}`, load, rows: all }, mode.rounds))
    return { groups }
  },
}
