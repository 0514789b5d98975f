// Knows which versions of a cache are older than the API server itself keeps.

import { compareResourceVersions } from '../api/resource-version'
import type { Clock } from '../internal/clock'

/** The time after which an API server compacts its history. @see apiserver `storagebackend.DefaultCompactInterval` */
export const COMPACTION_MS = 300_000
/** The shortest time between two marks. */
const MARK_INTERVAL_MS = 30_000

interface Mark {
  readonly at: number
  readonly resourceVersion: string
}

/** Marks the versions that a cache had at some times. Holds at most a dozen marks. */
export class VersionAges {
  readonly #clock: Clock
  #marks: readonly Mark[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Notes the version of the cache. */
  note(resourceVersion: string): void {
    const now = this.#clock.now()
    const last = this.#marks.at(-1)
    if (last && now - last.at < MARK_INTERVAL_MS) return
    this.#marks = [...this.#marks, { at: now, resourceVersion }]
    // The newest mark that is old enough decides.
    const newestOld = this.#marks.findLastIndex(({ at }) => now - at >= COMPACTION_MS)
    if (newestOld > 0) this.#marks = this.#marks.slice(newestOld)
  }

  /** Whether a newer version was there before the last compaction at the latest. */
  isOld(resourceVersion: string): boolean {
    const now = this.#clock.now()
    const mark = this.#marks.findLast(({ at }) => now - at >= COMPACTION_MS)
    return mark !== undefined && compareResourceVersions(resourceVersion, mark.resourceVersion) < 0
  }
}
