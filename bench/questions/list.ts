// The question of how long a list takes.

import { ownRows, peerRows } from '../harness/cast.ts'
import type { Mode, Question } from '../harness/question.ts'
import type { MeasuredGroup } from '../harness/results.ts'
import { measureGroup } from '../harness/rounds.ts'

const everywhere = [
  { name: 'bytes counted', task: { subject: 'listBytes' } },
  { name: 'response.json() into a Map', task: { subject: 'responseJson' } },
  { name: 'kubeflect, streamed, 50 rows read', task: { subject: 'kubeflect', reading: 'rows' } },
  { name: 'kubeflect, listed, 50 rows read', task: { subject: 'kubeflect', reading: 'rows', initialList: 'list' } },
] as const
const inNode = [
  ...everywhere,
  { name: 'kubeflect, pages of 500, nothing read', task: { subject: 'kubeflect/pages' } },
  { name: 'kubeflect, streamed, all to a handler', task: { subject: 'kubeflect', reading: 'handler' } },
  { name: 'kubeflect, listed, all to a handler', task: { subject: 'kubeflect', reading: 'handler', initialList: 'list' } },
] as const

/** The time to the complete list, and the memory it takes. */
export const list: Question = {
  name: 'list',
  title: 'List: time to the complete state',
  text: 'The time from an empty process to a complete store, and to the first object that was read. Peers list as they do by default: client-go streams, kube-rs reads pages of 500, and the others read one response. Heap is the live heap afterwards, divided by the number of objects; for kube-rs, which has no garbage collector, it is the memory allocated by malloc.',
  columns: [
    { title: '÷ response.json()', metric: 'listMs', show: 'ratio', reference: 'response.json() into a Map' },
    { title: 'CPU ÷ response.json()', metric: 'listCpuMs', show: 'ratio', reference: 'response.json() into a Map' },
    { title: 'ms', metric: 'listMs', show: 'ms' },
    { title: 'first object ms', metric: 'firstMs', show: 'ms' },
    { title: 'longest pause ms', metric: 'listPauseMs', show: 'ms' },
    { title: 'peak memory MB', metric: 'peakMB', show: 'MB' },
    { title: 'heap kB per object', metric: 'heapPerObject', show: 'kB' },
  ],
  async measure(mode: Mode) {
    const peers = await peerRows()
    const rows = [
      ...(await ownRows('Node', inNode, mode)),
      ...peers.rows,
      ...(await Promise.all((['Deno', 'Bun', 'Chromium'] as const).map((runtime) => ownRows(runtime, everywhere, mode)))).flat(),
    ]
    const groups: MeasuredGroup[] = []
    for (const objects of mode.quick ? [2_000] : [10_000, 50_000])
      groups.push(await measureGroup({ title: `${objects.toLocaleString('en')} pods`, load: { kind: 'pods', objects }, rows }, mode.rounds))
    return { groups, skipped: peers.skipped }
  },
}
