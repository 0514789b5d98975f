import type { Stage } from './stage.ts'

/** What a process found after many informers had lived and ended; it is written as one line of JSON. */
export interface LeakReport {
  /** How many objects that were theirs could not be collected. */
  readonly alive: number
  readonly left: Stage['left'] & { readonly openRequests: number }
  /** What kept the process busy before the informers, and after them; see `process.getActiveResourcesInfo`. */
  readonly resourcesBefore: readonly string[]
  readonly resources: readonly string[]
  /** How much the heap has grown, in bytes. */
  readonly heapGrowth: number
}
