// Turns the events of a watch into what the store has to do.

import { WatchError } from '../api/errors'
import { compareResourceVersions, isResourceVersion } from '../api/resource-version'
import type { Entry } from '../codec/entry'
import type { WatchEntry } from '../codec/wire'
import type { AttemptDeps, AttemptOutput } from './attempt-deps'
import type { Failure } from './failure'
import type { InitialStream } from './initial-stream'
import type { EntryChange } from './options'
import type { Step } from './state'

/** A result of reading events: a streamed list that is complete, a reason to end the attempt, or an output of the attempt. */
export type ReaderOutput<T> =
  | Exclude<AttemptOutput<T>, { readonly type: 'replaced' | 'arrived' }>
  | { readonly type: 'completed'; readonly entries: readonly Entry<T>[]; readonly resourceVersion: string }
  | { readonly type: 'arriving'; readonly entries: readonly Entry<T>[] }
  | { readonly type: 'failed'; readonly failure: Failure }

/** Reads the events of one watch, which may begin with the initial state. Makes no requests and has no clock. */
export class WatchReader<T> {
  /** The initial state of a streamed list, until it is complete. */
  #initial: InitialStream<T> | undefined
  readonly #refusal: AttemptDeps<T>['refusal']
  #resourceVersion: string
  // Whether versions of events are ordered: a watch from '' or '0' begins with events in any order.
  #isOrdered: boolean
  #events = 0
  #hasBookmarks: boolean

  constructor(
    { attempt, resourceVersion }: Pick<Step, 'attempt' | 'resourceVersion'>,
    {
      refusal,
      hasBookmarks,
      initial,
    }: { refusal: AttemptDeps<T>['refusal']; hasBookmarks: boolean; initial?: InitialStream<T> | undefined },
  ) {
    this.#refusal = refusal
    this.#initial = initial
    this.#hasBookmarks = hasBookmarks
    this.#resourceVersion = resourceVersion
    this.#isOrdered = attempt !== 'watch' || (resourceVersion !== '' && resourceVersion !== '0')
  }

  /** The version of the last event or bookmark. */
  get resourceVersion(): string {
    return this.#resourceVersion
  }

  /** The number of events after the initial state. */
  get events(): number {
    return this.#events
  }

  /** Whether this server has ever sent a bookmark. */
  get hasBookmarks(): boolean {
    return this.#hasBookmarks
  }

  /**
   * Reads a batch of events. The events before an invalid one are still valid, and are yielded before the error is thrown.
   *
   * @throws WatchError for an ERROR event; ParseError for an object that does not parse on arrival.
   */
  *read(batch: readonly WatchEntry<T>[]): Generator<ReaderOutput<T>, void, undefined> {
    let changes: EntryChange<T>[] = []
    let arriving: Entry<T>[] = []
    const flush = (): ReaderOutput<T>[] => {
      const outputs: ReaderOutput<T>[] = []
      if (arriving.length > 0) outputs.push({ type: 'arriving', entries: arriving })
      if (changes.length > 0) outputs.push(this.#changed(changes))
      changes = []
      arriving = []
      return outputs
    }
    try {
      for (const event of batch) {
        if (event.type === 'ERROR')
          throw new WatchError(event.status.message ?? 'the server ended the watch with an error', { status: event.status })
        if (!this.#initial) this.#events++
        if (event.type === 'BOOKMARK') {
          yield* flush()
          yield* this.#bookmark(event.resourceVersion, event.initialEventsEnd)
        } else if (event.type === 'SKIPPED') yield { type: 'skipped', error: event.error }
        else {
          const error = this.#refusal(event.entry)
          // The version does not advance.
          if (error !== undefined) yield { type: 'skipped', error }
          else if (!this.#initial) changes.push(event)
          else if (this.#initial.take(event)) arriving.push(event.entry)
        }
      }
    } catch (error) {
      yield* flush()
      throw error
    }
    yield* flush()
  }

  #changed(changes: readonly EntryChange<T>[]): ReaderOutput<T> {
    this.#isOrdered ||= changes.some(({ type }) => type !== 'ADDED')
    if (this.#isOrdered) this.#resourceVersion = later(this.#resourceVersion, changes.at(-1)?.entry.resourceVersion)
    return { type: 'changed', changes, resourceVersion: this.#resourceVersion }
  }

  *#bookmark(resourceVersion: string, initialEventsEnd: boolean): Generator<ReaderOutput<T>, void, undefined> {
    if (this.#initial) {
      // Other bookmarks do not concern the initial state.
      if (initialEventsEnd) yield* this.#complete(this.#initial, resourceVersion)
    } else if (resourceVersion === '') yield { type: 'unversioned' }
    else if (isOlder(resourceVersion, this.#resourceVersion)) {
      // The server has not reached the store's version: it was restored from a backup.
      const error = new WatchError(`a bookmark at ${resourceVersion}, which is older than ${this.#resourceVersion}`)
      yield { type: 'failed', failure: { kind: 'too-large', error } }
    } else {
      this.#isOrdered = true
      this.#hasBookmarks = true
      this.#resourceVersion = resourceVersion
      yield { type: 'bookmark', resourceVersion }
    }
  }

  *#complete(initial: InitialStream<T>, resourceVersion: string): Generator<ReaderOutput<T>, void, undefined> {
    initial.stop()
    this.#initial = undefined
    this.#resourceVersion = resourceVersion
    if (initial.duplicates) yield { type: 'skipped', error: initial.duplicates }
    yield { type: 'completed', entries: initial.entries, resourceVersion }
  }
}

/** Whether a version is older than another; false when either is opaque. */
function isOlder(version: string, than: string): boolean {
  return isResourceVersion(version) && isResourceVersion(than) && compareResourceVersions(version, than) < 0
}

/** Returns the feed's version after an event: it never decreases. */
function later(known: string, version = ''): string {
  return version === '' || isOlder(version, known) ? known : version
}
