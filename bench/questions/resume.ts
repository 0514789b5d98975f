// The question of how soon a second visit shows the table.

import { whyNoCluster } from '../../test/cluster/build.ts'
import { ownRows } from '../harness/cast.ts'
import type { Mode, Question } from '../harness/question.ts'
import { measureGroup } from '../harness/rounds.ts'

const rows = [
  { name: 'response.json() into a Map', task: { subject: 'responseJson' } },
  { name: 'kubeflect, streamed', task: { subject: 'kubeflect/visit' } },
  { name: 'kubeflect, resumed from IndexedDB', task: { subject: 'kubeflect/visit', stored: true, before: 'kubeflect/firstVisit' } },
  {
    name: 'kubeflect, resumed from IndexedDB, packed',
    task: { subject: 'kubeflect/visit', stored: true, pack: true, before: 'kubeflect/firstVisit' },
  },
] as const

/** The time until a returning visitor sees the table. */
export const resume: Question = {
  name: 'resume',
  title: 'Resume: the second visit of a page',
  text: 'A page lists pods and is closed. A second page of the same browser shows 50 rows as soon as they arrive (`onArrival`); its table is complete when all objects are in the store. The rows through kubectl proxy show a page on a developer’s machine. Bytes are the bytes of response bodies.',
  columns: [
    {
      title: '50 rows ÷ response.json() through kubectl proxy',
      metric: 'firstMs',
      show: 'ratio',
      reference: 'response.json() into a Map, through kubectl proxy',
    },
    {
      title: 'complete table ÷ response.json() through kubectl proxy',
      metric: 'tableMs',
      show: 'ratio',
      reference: 'response.json() into a Map, through kubectl proxy',
    },
    {
      title: 'complete table CPU ÷ response.json()',
      metric: 'tableCpuMs',
      show: 'ratio',
      reference: 'response.json() into a Map',
    },
    { title: '50 rows ms', metric: 'firstMs', show: 'ms' },
    { title: 'complete table ms', metric: 'tableMs', show: 'ms' },
    { title: 'confirmed by the server ms', metric: 'listMs', show: 'ms' },
    { title: 'longest pause ms', metric: 'listPauseMs', show: 'ms' },
    { title: 'bytes on the wire', metric: 'wireBytes', show: 'number' },
  ],
  async measure(mode: Mode) {
    const objects = mode.quick ? 2_000 : 10_000
    const direct = await ownRows('Chromium', rows, mode)
    const reason = whyNoCluster()
    const proxied = reason ? [] : direct.map((row) => ({ ...row, name: `${row.name}, through kubectl proxy`, proxied: true }))
    const load = { kind: 'pods', objects } as const
    const group = { title: `${objects.toLocaleString('en')} pods`, load, rows: [...proxied, ...direct] }
    const groups = [await measureGroup(group, mode.rounds)]
    if (!mode.quick) {
      const many = { kind: 'workloads', objects: 100_000 } as const
      const stored = direct.filter(({ task }) => task.stored)
      groups.push(await measureGroup({ title: '100,000 pods of 300 workloads', load: many, rows: stored }, Math.min(mode.rounds, 3)))
    }
    return { groups, skipped: reason ? [`kubectl proxy: ${reason}`] : [] }
  },
}
