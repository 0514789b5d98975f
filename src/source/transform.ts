// Transforms the objects of a source.

import type { KubeObject } from '../api/object'
import type { ListOptions, RequestOptions, WatchOptions } from '../api/options'
import { type Entry, entryFromObject } from '../codec/entry'
import type { ArrivalOptions, EntryList, WatchEntry } from '../codec/wire'
import type { ListerWatcher } from './lister-watcher'

/**
 * Changes an object before it enters the store. The result is kept, stored and passed to handlers. A transform may change the given object
 * and return it, but must not change name, namespace, uid or resourceVersion.
 *
 * @see client-go `cache.TransformFunc`
 */
export type Transform<T> = (object: T) => T

/**
 * Applies a transform once to each object of a source. If the transform throws, reports the error and skips the object. Passes on a
 * deletion as the server sent it.
 */
export class TransformingListerWatcher<T extends KubeObject> implements ListerWatcher<T> {
  readonly #source: ListerWatcher<T>
  readonly #transform: Transform<T>
  readonly #report: (error: unknown) => void
  #hasLeftOut = false

  constructor(source: ListerWatcher<T>, transform: Transform<T>, report: (error: unknown) => void) {
    this.#source = source
    this.#transform = transform
    this.#report = report
  }

  get bare(): ListerWatcher<T> {
    return this.#source
  }

  get hasLeftOut(): boolean {
    return this.#hasLeftOut
  }

  async list({ onEntries, ...options }: ListOptions & RequestOptions & ArrivalOptions<T>): Promise<EntryList<T>> {
    const known = new Map<Entry<T>, Entry<T> | undefined>()
    const apply = (entries: readonly Entry<T>[]) =>
      entries.flatMap((entry) => {
        if (!known.has(entry)) known.set(entry, this.#apply(entry))
        return known.get(entry) ?? []
      })
    const arrival = onEntries && { onEntries: (entries: readonly Entry<T>[]) => onEntries(apply(entries)) }
    const { entries, ...list } = await this.#source.list({ ...options, ...arrival })
    return { ...list, entries: apply(entries) }
  }

  async *watch(options: WatchOptions & RequestOptions): AsyncGenerator<readonly WatchEntry<T>[]> {
    for await (const batch of this.#source.watch(options)) {
      const events: WatchEntry<T>[] = []
      let failure: { readonly error: unknown } | undefined
      for (const event of batch) {
        try {
          events.push(this.#event(event))
        } catch (error) {
          failure = { error }
          break
        }
      }
      // The events before an invalid text are still valid.
      yield events
      if (failure) throw failure.error
    }
  }

  #event(event: WatchEntry<T>): WatchEntry<T> {
    if (!('entry' in event)) return event
    const entry = this.#apply(event.entry)
    if (entry) return { type: event.type, entry }
    if (event.type === 'DELETED') return event
    // The object is skipped, but the collection has reached its version.
    return { type: 'BOOKMARK', resourceVersion: event.entry.resourceVersion, initialEventsEnd: false }
  }

  /** @throws ParseError when the text is not JSON, which is not the transform's fault. */
  #apply(entry: Entry<T>): Entry<T> | undefined {
    const { object } = entry
    try {
      // The entry was made without managedFields, unless they were requested.
      const transformed = entryFromObject(this.#transform(object), { managedFields: 'keep' })
      for (const field of ['key', 'uid', 'resourceVersion'] as const) {
        if (transformed[field] === entry[field]) continue
        throw new TypeError(
          `a transform must not change an object's ${field}: it made ${transformed[field] || 'nothing'} of ${entry[field]}`,
        )
      }
      return transformed
    } catch (error) {
      this.#hasLeftOut = true
      this.#report(error)
      return undefined
    }
  }
}
