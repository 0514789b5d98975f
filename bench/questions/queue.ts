// The question of what a work queue costs.

import { ownRows } from '../harness/cast.ts'
import type { Mode, Question } from '../harness/question.ts'
import { measureGroup } from '../harness/rounds.ts'
import { clientGoQueue } from '../harness/subject.ts'

const KEYS = 100_000
const rows = [
  { name: 'two Sets', task: { subject: 'queueFloor', objects: KEYS } },
  { name: 'kubeflect WorkQueue', task: { subject: 'kubeflect/workQueue', objects: KEYS } },
  { name: 'kubeflect WorkQueue, in batches', task: { subject: 'kubeflect/workQueueBatches', objects: KEYS } },
  { name: 'kubeflect WorkQueue, for await', task: { subject: 'kubeflect/workQueueLoop', objects: KEYS } },
] as const

/** The cost of a work queue. */
export const queue: Question = {
  name: 'queue',
  title: 'Work queue: keys in and out',
  text: '100,000 keys are added twice; then each key is taken and marked as done. Two Sets are the least that the language can do: one of the queued keys and one of those being processed, without times, waiting workers or shutdown.',
  columns: [
    { title: 'CPU ÷ client-go', metric: 'queueCpuMs', show: 'ratio', reference: 'client-go workqueue' },
    { title: 'CPU ÷ two Sets', metric: 'queueCpuMs', show: 'ratio', reference: 'two Sets' },
    { title: '÷ client-go', metric: 'queueMs', show: 'ratio', reference: 'client-go workqueue' },
    { title: 'ms', metric: 'queueMs', show: 'ms' },
  ],
  async measure(mode: Mode) {
    const own = await Promise.all((['Node', 'Deno', 'Bun', 'Chromium'] as const).map((runtime) => ownRows(runtime, rows, mode)))
    const peer = clientGoQueue(KEYS)
    const theirs =
      typeof peer === 'function' ? [{ name: 'client-go workqueue', runtime: 'Go', measure: peer, task: { subject: 'queue' } } as const] : []
    const load = { kind: 'configmaps', objects: 1 } as const
    const group = { title: `${KEYS.toLocaleString('en')} keys`, load, rows: [...theirs, ...own.flat()] }
    return { groups: [await measureGroup(group, mode.rounds)], skipped: typeof peer === 'function' ? [] : [peer.skipped] }
  },
}
