// The question of how many watch events a client processes.

import { ownRows, peerRows } from '../harness/cast.ts'
import type { Mode, Question } from '../harness/question.ts'
import { measureGroup } from '../harness/rounds.ts'

const floors = [
  { name: 'bytes counted', task: { subject: 'bytes' } },
  { name: 'floor', task: { subject: 'floor' } },
]
const everywhere = [
  ...floors,
  { name: 'kubeflect, nothing read', task: { subject: 'kubeflect' } },
  { name: 'kubeflect, each change read once per frame', task: { subject: 'kubeflect', reading: 'frame' } },
  { name: 'kubeflect, five fields of each change read once per frame', task: { subject: 'kubeflect', reading: 'fields' } },
  { name: 'kubeflect, each change read by a handler', task: { subject: 'kubeflect', reading: 'handler' } },
] as const
const inNode = [
  ...everywhere,
  { name: 'floor and a Map', task: { subject: 'floorAndMap' } },
  { name: 'kubeflect, with an index', task: { subject: 'kubeflect', reading: 'index' } },
  { name: 'kubeflect, with a transform', task: { subject: 'kubeflect', reading: 'transform' } },
  { name: 'kubeflect, with a valibot schema', task: { subject: 'kubeflect', reading: 'schema' } },
] as const

/** The throughput of watch events. */
export const watch: Question = {
  name: 'watch',
  title: 'Watch: event throughput',
  text: 'Pods are listed; then MODIFIED events arrive as fast as the client reads them. The floor reads the body, decodes it, splits it at newlines, parses each line and keeps nothing. Counting bytes is much faster, which shows that the load server is not the bottleneck. CPU is the CPU time of the whole process, garbage collector included; in Chromium, of the main thread.',
  columns: [
    { title: '÷ floor', metric: 'watchMs', show: 'ratio', reference: 'floor' },
    { title: 'CPU ÷ floor', metric: 'watchCpuMs', show: 'ratio', reference: 'floor' },
    { title: 'ms', metric: 'watchMs', show: 'ms' },
    { title: 'longest pause ms', metric: 'watchPauseMs', show: 'ms' },
    { title: 'peak memory MB', metric: 'peakMB', show: 'MB' },
  ],
  async measure(mode: Mode) {
    const [objects, events] = mode.quick ? [2_000, 10_000] : [10_000, 50_000]
    const peers = await peerRows()
    const node = [...(await ownRows('Node', inNode, mode)), ...peers.rows]
    const others = (await Promise.all((['Deno', 'Bun', 'Chromium'] as const).map((runtime) => ownRows(runtime, everywhere, mode)))).flat()
    const what = `${objects.toLocaleString('en')} pods, ${events.toLocaleString('en')} events`
    const load = { kind: 'pods', objects, events } as const
    const groups = [await measureGroup({ title: `${what}, 64 kB a write`, load, rows: [...node, ...others] }, mode.rounds)]
    if (!mode.quick)
      groups.push(await measureGroup({ title: `${what}, one event a write`, load: { ...load, chunk: 'event' }, rows: node }, mode.rounds))
    return { groups, skipped: peers.skipped }
  },
}
