// Draws the comparison with the peers.
import { parse, View } from 'vega'
import { compile } from 'vega-lite'
import { readResult } from './results.ts'
import { findRow, medianOf } from './table.ts'

interface Panel {
  readonly title: string
  readonly question: string
  readonly group: string
  readonly metric: string
  readonly scale: number
  /** The bars from top to bottom: label, row and runtime. */
  readonly bars: readonly (readonly [label: string, row: string, runtime: string])[]
}

const peers = [
  ['client-node', '@kubernetes/client-node', 'Node'],
  ['fluent-client', 'kubernetes-fluent-client', 'Node'],
  ['kube-rs', 'kube-rs', 'Rust'],
  ['client-go', 'client-go', 'Go'],
] as const

const panels: readonly Panel[] = [
  {
    title: 'CPU of a watch event, µs',
    question: 'watch',
    group: '10,000 pods, 50,000 events, 64 kB',
    metric: 'watchCpuMs',
    scale: 1 / 50,
    bars: [
      ['kubeflect', 'kubeflect, nothing read', 'Node'],
      ['kubeflect, read each frame', 'kubeflect, each change read once per frame', 'Node'],
      ['JSON.parse alone', 'floor', 'Node'],
      ...peers,
    ],
  },
  {
    title: 'a list of 10,000 pods, ms',
    question: 'list',
    group: '10,000 pods',
    metric: 'listMs',
    scale: 1,
    bars: [
      ['kubeflect, streamed', 'kubeflect, streamed, 50 rows read', 'Node'],
      ['kubeflect, listed', 'kubeflect, listed, 50 rows read', 'Node'],
      ['response.json()', 'response.json() into a Map', 'Node'],
      ...peers,
    ],
  },
  {
    title: 'a cached pod, kB',
    question: 'list',
    group: '10,000 pods',
    metric: 'heapPerObject',
    scale: 1 / 1000,
    bars: [['kubeflect', 'kubeflect, streamed, 50 rows read', 'Node'], ['response.json()', 'response.json() into a Map', 'Node'], ...peers],
  },
]

/** Renders the comparison with the peers as SVG. */
export async function drawPeers(): Promise<string> {
  const spec = {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: 'white',
    config: { view: { stroke: null }, axis: { grid: false }, font: 'system-ui, sans-serif' },
    hconcat: panels.map((panel) => {
      const values = barsOf(panel)
      const y = {
        field: 'label',
        type: 'nominal',
        sort: values.map(({ label }) => label),
        title: null,
        axis: { ticks: false, domain: false, labelLimit: 220 },
      }
      const x = { field: 'value', type: 'quantitative', axis: null }
      return {
        title: { text: panel.title, anchor: 'start', fontSize: 12 },
        data: { values },
        width: 170,
        height: { step: 20 },
        layer: [
          {
            mark: { type: 'bar', height: 13 },
            encoding: { y, x, color: { condition: { test: 'datum.ours', value: '#326ce5' }, value: '#b8bfcc' } },
          },
          { mark: { type: 'text', align: 'left', dx: 4, fontSize: 10 }, encoding: { y, x, text: { field: 'value', format: '.3~r' } } },
        ],
      }
    }),
  }
  const view = new View(parse(compile(spec).spec), { renderer: 'none' })
  const svg = await view.toSVG()
  view.finalize()
  return `${svg}\n`
}

function barsOf({ question, group, metric, scale, bars }: Panel): { label: string; value: number; ours: boolean }[] {
  const found = readResult(question)?.groups.find(({ title }) => title.startsWith(group))
  if (!found) throw new Error(`bench/results has no '${group}' of '${question}': run node bench/run.ts ${question}`)
  return bars.flatMap(([label, row, runtime]) => {
    const value = medianOf(findRow(found, row, runtime), metric) * scale
    return Number.isNaN(value) ? [] : { label, value, ours: label.startsWith('kubeflect') }
  })
}
