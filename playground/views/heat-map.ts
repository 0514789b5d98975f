// Lays out the heat map: a box for each node with a cell for each of its pods.
import type { Entry } from 'kubeflect'
import { type Node, Node as Nodes, type Pod, Pod as Pods } from 'kubeflect/resources/core/v1'
import { formatAge } from '../format.ts'
import { statusOf, type Tone } from '../status.ts'
import { factsOf, type PodFacts } from './facts.ts'
import type { Mark, Picture } from './picture.ts'

/** What the colour of a cell shows. */
export type Heat = 'phase' | 'restarts' | 'age'

/** The objects of the heat map. */
export interface HeatMapObjects {
  readonly nodes: readonly Entry<Node>[]
  readonly pods: readonly Entry<Pod>[]
}

const MARGIN = 12
const TITLE = 26
const GAP = 12
const MIN_BOX = 230
/** The number of pods above which cells are small. */
const MANY = 1500
const MINUTE_MS = 60_000

/** Computes the picture of the heat map. Costs one pass over the objects. */
export function layOutNodes({ nodes, pods }: HeatMapObjects, { width, heat, now }: { width: number; heat: Heat; now: number }): Picture {
  const pitch = pods.length > MANY ? 8 : 14
  const columns = Math.max(1, Math.floor((width - MARGIN) / (MIN_BOX + GAP)))
  const boxWidth = Math.floor((width - 2 * MARGIN - (columns - 1) * GAP) / columns)
  const perLine = Math.max(1, Math.floor((boxWidth - 16) / pitch))
  const boxes = boxesOf(nodes, pods)
  const marks: Mark[] = []
  let y = MARGIN
  for (let first = 0; first < boxes.length; first += columns) {
    const line = boxes.slice(first, first + columns)
    const height = TITLE + Math.max(1, ...line.map(({ own }) => Math.ceil(own.length / perLine))) * pitch + 10
    line.forEach(({ name, entry, own }, column) => {
      const x = MARGIN + column * (boxWidth + GAP)
      const state = entry ? statusOf(entry.object) : 'no such node'
      const isReady = state === 'Ready' || name === ''
      const called = name || 'not scheduled'
      const id = `node ${name}`
      marks.push({
        id,
        x,
        y,
        width: boxWidth,
        height,
        shape: 'box',
        tone: isReady ? 'quiet' : 'bad',
        text: `${called} · ${own.length}${isReady ? '' : ` · ${state}`}`,
        label: `${name ? `Node ${name}: ${state}` : 'Not scheduled'}, ${own.length} pods, ${own.filter((pod) => factsOf(pod).tone === 'bad').length} of them in trouble`,
        target: entry && { resource: Nodes, key: entry.key },
      })
      own.forEach((pod, at) => {
        const facts = factsOf(pod)
        marks.push({
          id: pod.uid,
          x: x + 8 + (at % perLine) * pitch,
          y: y + TITLE + Math.floor(at / perLine) * pitch,
          width: pitch - (pitch > 8 ? 3 : 2),
          height: pitch - (pitch > 8 ? 3 : 2),
          shape: 'cell',
          tone: toneOf(facts, heat, now),
          label: `Pod ${pod.key}: ${facts.phase}, ${facts.restarts} restarts, ${formatAge(now - facts.created)} old`,
          owners: [id],
          target: { resource: Pods, key: pod.key },
        })
      })
    })
    y += height + GAP
  }
  const rows = boxes.map(({ name, entry, own }) => [
    name || 'not scheduled',
    entry ? statusOf(entry.object) : '',
    String(own.length),
    String(own.filter((pod) => factsOf(pod).tone === 'bad').length),
  ])
  const twin = { title: 'Pods by node', head: ['Node', 'State', 'Pods', 'In trouble'], rows }
  return { height: y, marks, links: [], captions: [], twin, summary: `${nodes.length} nodes, ${pods.length} pods` }
}

interface Box {
  /** The empty string for pods without a node. */
  readonly name: string
  readonly entry: Entry<Node> | undefined
  readonly own: Entry<Pod>[]
}

function boxesOf(nodes: readonly Entry<Node>[], pods: readonly Entry<Pod>[]): Box[] {
  const boxes = new Map<string, Box>()
  for (const entry of [...nodes].sort((a, b) => (a.name < b.name ? -1 : 1))) boxes.set(entry.name, { name: entry.name, entry, own: [] })
  for (const pod of pods) {
    const name = factsOf(pod).node
    const box = boxes.get(name) ?? { name, entry: undefined, own: [] }
    boxes.set(name, box)
    box.own.push(pod)
  }
  return [...boxes.values()]
}

function toneOf({ tone, restarts, created }: PodFacts, heat: Heat, now: number): Tone {
  if (heat === 'restarts') return restarts === 0 ? 'good' : restarts < 5 ? 'busy' : 'bad'
  if (heat === 'age') return now - created < MINUTE_MS ? 'busy' : now - created < 60 * MINUTE_MS ? 'done' : 'good'
  return tone
}
