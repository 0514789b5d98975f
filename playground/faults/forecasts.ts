// What each button will do, in words, before it is pressed.
import type { ClusterInfo } from '../controls.ts'
import { formatCount } from '../format.ts'

/** The buttons that cause something. */
export type FaultName = 'reload' | 'forget' | 'cut' | 'expire' | 'rollout' | 'node' | 'kind'

/** What the page shows when a button is about to be pressed. */
export interface Situation {
  /** The plural of the shown resource. */
  readonly plural: string
  readonly objects: number
  readonly resourceVersion: string
  /** Whether the objects are stored. */
  readonly isStored: boolean
  readonly cluster: ClusterInfo | undefined
}

/** Returns a sentence or two for each button. */
export function forecasts({ plural, objects, resourceVersion, isStored, cluster }: Situation): Readonly<Record<FaultName, string>> {
  const all = `${formatCount(objects)} ${plural}`
  const resumes = `the watch resumes at ${resourceVersion || 'its version'}`
  const isRelayed = cluster?.relay !== undefined
  const behind = 'The connections behind the relay break. This page keeps its watch and asks for nothing'
  const node = cluster?.failedNode
  return {
    reload: isStored
      ? `The page loads again and shows ${all} from IndexedDB at once. No list: ${resumes}.`
      : `The page loads again. Nothing is stored, so it makes one list of ${all}.`,
    forget: `Clears IndexedDB and loads the page again: one list of ${all}.`,
    cut: isRelayed ? `${behind}.` : `Every connection breaks. No list: ${resumes}. The ${all} stay.`,
    expire: isRelayed
      ? `${behind}; the relay makes one list.`
      : `Every connection breaks, and the server forgets its history: the watch gets a 410, then one list of ${all}. They stay meanwhile.`,
    rollout: 'One deployment gets a new image: its pods are replaced by those of a new replica set. The watch goes on. No list.',
    node: node
      ? `${node} becomes ready again, and daemons run there again. The watch goes on. No list.`
      : 'One node fails: its pods are lost, and their owners make others elsewhere. The watch goes on. No list.',
    kind: cluster?.hasExtraKind
      ? 'Removes canaries.rollouts.example.com: it disappears from the list of resources. No list of other kinds.'
      : 'Defines canaries.rollouts.example.com: it appears in the list of resources. No list of other kinds.',
  }
}
