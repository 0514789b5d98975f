// What the canvas views show of a pod: read once for each version.
import type { Entry } from 'kubeflect'
import type { Pod } from 'kubeflect/resources/core/v1'
import { detailsOf } from '../pods.ts'
import { type Tone, toneOf } from '../status.ts'

/** The owner that a pod names first. */
export interface PodOwner {
  readonly kind: string
  readonly name: string
  readonly uid: string
}

/** What the views show of a pod. */
export interface PodFacts {
  readonly phase: string
  readonly tone: Tone
  readonly node: string
  readonly restarts: number
  /** The label `app`, or the name. */
  readonly app: string
  readonly owner: PodOwner | undefined
  /** Milliseconds since the epoch; NaN when unknown. */
  readonly created: number
}

const known = new WeakMap<Entry<Pod>, PodFacts>()

/** Returns the facts of one version of a pod. An object that does not match its schema has no facts. */
export function factsOf(entry: Entry<Pod>): PodFacts {
  const facts = known.get(entry) ?? readFacts(entry)
  known.set(entry, facts)
  return facts
}

function readFacts(entry: Entry<Pod>): PodFacts {
  try {
    const pod = entry.object
    const { phase, node, restarts } = detailsOf(pod)
    const tone = toneOf(phase)
    const { labels, ownerReferences, creationTimestamp } = pod.metadata
    const [owner] = ownerReferences ?? []
    return {
      phase,
      tone: tone === 'quiet' ? 'bad' : tone,
      node,
      restarts,
      app: labels?.app ?? entry.name,
      owner,
      created: Date.parse(creationTimestamp ?? ''),
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return { phase: 'Unknown', tone: 'bad', node: '', restarts: 0, app: entry.name, owner: undefined, created: Number.NaN }
  }
}
