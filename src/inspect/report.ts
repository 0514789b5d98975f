// A report for a bug: figures and reasons, without objects.

import type { InspectedChange } from './changes'
import type { InspectedEvent, InspectorSnapshot } from './snapshot'

/** The figures and reasons that help with a bug. Can be written as JSON. */
export interface InspectorReport {
  /** RFC 3339. */
  readonly time: string
  readonly feeds: InspectorSnapshot['feeds']
  readonly log: readonly InspectedEvent[]
  readonly requests: InspectorSnapshot['requests']
  /** The last changes of objects, with the paths that changed and without values. */
  readonly changes: readonly (Omit<InspectedChange, 'differences'> & { readonly paths: readonly string[] })[]
}

/** The number of changes in a report: each is parsed for it. */
const MAX_CHANGES = 50

/** Makes a report of a snapshot. */
export function reportOf({ feeds, log, requests, changes }: InspectorSnapshot, now: number): InspectorReport {
  return {
    time: new Date(now).toISOString(),
    feeds,
    log,
    requests,
    changes: changes.slice(-MAX_CHANGES).map(({ differences, ...change }) => ({ ...change, paths: differences.map(({ path }) => path) })),
  }
}
