// The performance goals and their current values.
import { readResult } from './results.ts'
import { findRow, markdown, medianOf, significant } from './table.ts'

/** Identifies a figure: a question, the start of a group's title, a row and a runtime. */
type Figure = readonly [question: string, group: string, row: string, runtime: string, metric: string]

/** The goal for one figure. */
interface Goal {
  readonly what: string
  /** The limit; undefined when the figure is only reported. */
  readonly limit: number | undefined
  /** Whether the limit is an upper (`'most'`) or a lower bound; default `'most'`. */
  readonly bound?: 'most' | 'least'
  /** Returns the value; NaN when it was not measured. */
  readonly value: () => number
  readonly command: string
}

const figure = ([question, title, name, runtime, metric]: Figure): number => {
  const group = readResult(question)?.groups.find((each) => each.title.startsWith(title))
  return group ? medianOf(findRow(group, name, runtime), metric) : Number.NaN
}

/** Creates a goal for the ratio of two figures of one question. */
function ratio(what: string, limit: Goal['limit'], of: Figure, to: Figure, bound?: Goal['bound']): Goal {
  return { what, limit, value: () => figure(of) / figure(to), command: `npm run bench -- ${of[0]}`, ...(bound && { bound }) }
}

const plain = (what: string, limit: number, of: Figure, scale = 1): Goal => ({
  what,
  limit,
  value: () => figure(of) / scale,
  command: `npm run bench -- ${of[0]}`,
})

const watch = (row: string, runtime = 'Node'): Figure => ['watch', '10,000 pods, 50,000 events, 64 kB', row, runtime, 'watchMs']
const NOTHING = 'kubeflect, nothing read'
const PER_FRAME = 'kubeflect, each change read once per frame'
const list = (pods: string, row: string, runtime = 'Node', metric = 'listMs'): Figure => ['list', `${pods} pods`, row, runtime, metric]
const STREAMED = 'kubeflect, streamed, 50 rows read'
const LISTED = 'kubeflect, listed, 50 rows read'
const JSON_MAP = 'response.json() into a Map'
const size = (row: string): Figure => ['size', 'bundle', row, 'Bundle', 'gzipped']
const scale = (pods: string, metric: string, runtime: string): Figure => ['scale', `${pods} pods`, NOTHING, runtime, metric]
const resume = (row: string, metric: string): Figure => ['resume', '10,000 pods', `${row}, through kubectl proxy`, 'Chromium', metric]
const storage = (row: string, metric: string): Figure => ['storage', '10,000 pods', row, 'Chromium', metric]

const CORE = 'kubeflect: KubeClient, ListWatch, Reflector, Store'

const goals: readonly Goal[] = [
  ...(
    [
      ['Node', 0.45],
      ['Deno', 0.45],
      ['Bun', 0.5],
      ['Chromium', 0.55],
    ] as const
  ).map(([runtime, limit]) => ratio(`watch, nothing read, ${runtime}: ÷ floor`, limit, watch(NOTHING, runtime), watch('floor', runtime))),
  ratio('watch, nothing read: times as fast as client-node', 3, watch('@kubernetes/client-node'), watch(NOTHING), 'least'),
  ratio('watch, nothing read: times as fast as kube-rs', 5, watch('kube-rs', 'Rust'), watch(NOTHING), 'least'),
  ratio('watch, nothing read: times as fast as client-go', 18, watch('client-go', 'Go'), watch(NOTHING), 'least'),
  ratio('watch, each change read once per frame, Node: ÷ floor', 1, watch(PER_FRAME), watch('floor')),
  ratio('watch, each change read once per frame, Chromium: ÷ floor', 1.1, watch(PER_FRAME, 'Chromium'), watch('floor', 'Chromium')),
  ...(['10,000', '50,000'] as const).flatMap((pods) => [
    ...(
      [
        ['Node', 0.35, 0.55],
        ['Chromium', 0.5, 0.75],
      ] as const
    ).flatMap(([runtime, streamed, listed]) => [
      ratio(
        `list of ${pods}, streamed, ${runtime}: ÷ response.json()`,
        streamed,
        list(pods, STREAMED, runtime),
        list(pods, JSON_MAP, runtime),
      ),
      ratio(`list of ${pods}, plain, ${runtime}: ÷ response.json()`, listed, list(pods, LISTED, runtime), list(pods, JSON_MAP, runtime)),
    ]),
    ratio(`list of ${pods}, streamed: ÷ client-node`, 0.35, list(pods, STREAMED), list(pods, '@kubernetes/client-node')),
    {
      what: `list of ${pods}, streamed, Node: peak memory beyond the runtime's ÷ stored text`,
      limit: 1.2,
      value: () => {
        const [peak, runtime] = [STREAMED, 'bytes counted'].map((row) => figure(list(pods, row, 'Node', 'peakMB')))
        const text = (figure(list(pods, STREAMED, 'Node', 'keptBytes')) * Number(pods.replace(',', ''))) / 2 ** 20
        return ((peak ?? Number.NaN) - (runtime ?? Number.NaN)) / text
      },
      command: 'npm run bench -- list',
    },
  ]),
  ...(['Node', 'Deno', 'Bun', 'Chromium'] as const).map((runtime) =>
    plain(`cached pod, unread, ${runtime}: kB`, 5.5, ['memory', '10,000 pods', NOTHING, runtime, 'heapPerObject'], 1000),
  ),
  ...(['Node', 'Chromium'] as const).map((runtime) =>
    ratio(
      `cached pod with text beyond ASCII, ${runtime}: ÷ its UTF-8`,
      1.1,
      ['memory', '10,000 pods, each', NOTHING, runtime, 'heapPerObject'],
      ['memory', '10,000 pods, each', NOTHING, runtime, 'keptBytes'],
    ),
  ),
  ratio(
    "a change in a table of React, 10,000 pods, Chromium: CPU ÷ Headlamp's way",
    0.1,
    ['bindings', '10,000 pods', 'kubeflect useList', 'Chromium', 'watchCpuPerEventUs'],
    ['bindings', '10,000 pods', "Headlamp's way", 'Chromium', 'watchCpuPerEventUs'],
  ),
  plain('longest pause, 100,000 cached, 2,000 changes/s, Chromium: ms', 16, [
    'pause',
    '100,000 pods',
    PER_FRAME,
    'Chromium',
    'watchPauseMs',
  ]),
  ratio(
    'first 50 rows ÷ complete list, 100,000 pods, Chromium',
    0.5,
    ['pause', '100,000 pods', NOTHING, 'Chromium', 'firstMs'],
    ['pause', '100,000 pods', NOTHING, 'Chromium', 'listMs'],
  ),
  ratio(
    'resume of 10,000: first 50 rows ÷ LIST through kubectl proxy',
    0.1,
    resume('kubeflect, resumed from IndexedDB', 'firstMs'),
    resume(JSON_MAP, 'firstMs'),
  ),
  ratio(
    'resume of 10,000: complete table ÷ LIST through kubectl proxy',
    undefined,
    resume('kubeflect, resumed from IndexedDB', 'tableMs'),
    resume(JSON_MAP, 'tableMs'),
  ),
  ratio(
    'resume of 10,000, packed: complete table ÷ LIST through kubectl proxy',
    0.15,
    resume('kubeflect, resumed from IndexedDB, packed', 'tableMs'),
    resume(JSON_MAP, 'tableMs'),
  ),
  plain('resume of 100,000, packed: first 50 rows: ms', 50, [
    'resume',
    '100,000 pods of 300 workloads',
    'kubeflect, resumed from IndexedDB, packed',
    'Chromium',
    'firstMs',
  ]),
  ratio(
    'resume of 10,000: bytes on the wire ÷ those of a list',
    0.01,
    resume('kubeflect, resumed from IndexedDB', 'wireBytes'),
    resume('kubeflect, streamed', 'wireBytes'),
  ),
  plain('storing 500 changes/s: bytes written ÷ bytes changed', 2, storage('kubeflect, stored in IndexedDB', 'writtenPerChanged')),
  {
    what: 'storing 500 changes/s: share of the main thread, %',
    limit: 5,
    value: () =>
      (figure(storage('kubeflect, stored in IndexedDB', 'busyShare')) - figure(storage('kubeflect, in memory only', 'busyShare'))) * 100,
    command: 'npm run bench -- storage',
  },
  plain('KubeClient, ListWatch, Reflector, Store, gzipped: kB', 18, size(CORE), 1000),
  plain('of that, our part: kB', 8, size('kubeflect: the same, without dependencies'), 1000),
  plain('createInformer, KubeClient, idbPersister, gzipped: kB', 24, size('kubeflect: createInformer, KubeClient, idbPersister'), 1000),
  ...(['Node', 'Chromium'] as const).flatMap((runtime) => [
    ratio(
      `CPU time per object of 200,000 ÷ of 10,000, ${runtime}`,
      1.5,
      scale('200,000', 'listCpuPerObjectUs', runtime),
      scale('10,000', 'listCpuPerObjectUs', runtime),
    ),
    ratio(
      `CPU time per event with 200,000 cached ÷ with 10,000, ${runtime}`,
      1.5,
      scale('200,000', 'watchCpuPerEventUs', runtime),
      scale('10,000', 'watchCpuPerEventUs', runtime),
    ),
    ratio(
      `memory per object of 200,000 ÷ of 10,000, ${runtime}`,
      1.1,
      scale('200,000', 'heapPerObject', runtime),
      scale('10,000', 'heapPerObject', runtime),
    ),
  ]),
]

/** Renders the goals beside the measured values. */
export function goalTable(): string {
  const lines = goals.map(({ what, limit, bound = 'most', value, command }) => {
    const measured = value()
    const goal = limit === undefined ? '' : `${bound === 'most' ? '≤' : '≥'} ${limit}`
    return [what, goal, significant(measured), verdictOf(measured, limit, bound), `\`${command}\``]
  })
  return markdown([['what', 'goal', 'measured', 'met', 'command'], ...lines])
}

function verdictOf(measured: number, limit: Goal['limit'], bound: 'most' | 'least'): string {
  if (Number.isNaN(measured)) return 'not measured'
  if (limit === undefined) return ''
  return (bound === 'most' ? measured <= limit : measured >= limit) ? 'yes' : 'no'
}
