// Entries sorted by key, with snapshots that share memory.

import type { Entry } from '../codec/entry'

/** The length at which a chunk is split. A change copies at most one chunk, and a snapshot copies one reference per chunk. */
const MAX_CHUNK_LENGTH = 512

interface Chunk<T> {
  /** The only collection that may change the chunk in place; others copy it. */
  readonly owner: object
  readonly entries: Entry<T>[]
}

/** An immutable state of a collection, sorted by key. Indexes count over all chunks. */
export class EntrySnapshot<T> {
  readonly #chunks: readonly Chunk<T>[]
  readonly #starts: readonly number[]
  #all: readonly Entry<T>[] | undefined
  /** The number of entries. */
  readonly size: number

  /** @param chunks are not changed afterwards. Made by {@link SortedEntries} only. */
  constructor(chunks: readonly Chunk<T>[]) {
    this.#chunks = chunks
    let size = 0
    this.#starts = chunks.map(({ entries }) => {
      size += entries.length
      return size - entries.length
    })
    this.size = size
  }

  /** The chunks, for a collection that starts with this state. */
  get chunks(): readonly Chunk<T>[] {
    return this.#chunks
  }

  /** Returns the entry under a key. */
  get(key: string): Entry<T> | undefined {
    return find(this.#chunks, key)
  }

  /** Lower bound: the index of the first entry whose key is not less than `key`, or the number of entries. */
  lowerBound(key: string): number {
    const at = chunkOf(this.#chunks, key)
    const chunk = this.#chunks[at]
    return chunk ? (this.#starts[at] ?? 0) + lowerBound(chunk.entries, key) : this.size
  }

  /** Returns all entries; the same array for each call. */
  all(): readonly Entry<T>[] {
    this.#all ??= this.#chunks.flatMap(({ entries }) => entries)
    return this.#all
  }

  /** Iterates over the entries from one index up to another. Reads no entry before it is requested. */
  *range(from: number, end: number): Generator<Entry<T>, void, undefined> {
    let at = from
    for (const [index, { entries }] of this.#chunks.entries()) {
      const start = this.#starts[index] ?? 0
      if (start >= end) return
      for (; at < end && at - start < entries.length; at++) yield entries[at - start] as Entry<T>
    }
  }
}

/**
 * A collection of entries sorted by key. A change takes logarithmic time and copies at most one chunk; a snapshot takes time proportional
 * to the number of chunks, and is made once for each state.
 */
export class SortedEntries<T> {
  #chunks: Chunk<T>[]
  #owner: object = {}
  #size: number
  #snapshot: EntrySnapshot<T> | undefined

  /** @param from the state to start with; default none. Is not changed. */
  constructor(from?: EntrySnapshot<T>) {
    this.#chunks = from ? [...from.chunks] : []
    this.#size = from?.size ?? 0
    this.#snapshot = from
  }

  /** Makes a collection of entries in any order. Of several with one key, the last one counts. */
  static of<T>(entries: readonly Entry<T>[]): SortedEntries<T> {
    const sorted = new SortedEntries<T>()
    const unique = [...new Map(entries.map((entry) => [entry.key, entry])).values()]
    unique.sort((a, b) => (a.key < b.key ? -1 : 1))
    for (let at = 0; at < unique.length; at += MAX_CHUNK_LENGTH)
      sorted.#chunks.push({ owner: sorted.#owner, entries: unique.slice(at, at + MAX_CHUNK_LENGTH) })
    sorted.#size = unique.length
    return sorted
  }

  /** The number of entries. */
  get size(): number {
    return this.#size
  }

  /** Returns the entry under a key. */
  get(key: string): Entry<T> | undefined {
    return find(this.#chunks, key)
  }

  /** Adds an entry, or replaces the one under its key. */
  set(entry: Entry<T>): void {
    if (this.#chunks.length === 0) this.#chunks.push({ owner: this.#owner, entries: [] })
    // A key behind all others goes to the last chunk.
    const at = Math.min(chunkOf(this.#chunks, entry.key), this.#chunks.length - 1)
    const entries = this.#own(at)
    const index = lowerBound(entries, entry.key)
    const isNew = entries[index]?.key !== entry.key
    entries.splice(index, isNew ? 0 : 1, entry)
    if (isNew) this.#size++
    if (entries.length <= MAX_CHUNK_LENGTH) return
    const upper = entries.splice(MAX_CHUNK_LENGTH / 2)
    this.#chunks.splice(at + 1, 0, { owner: this.#owner, entries: upper })
  }

  /** Removes the entry under a key. No-op when there is none. */
  delete(key: string): void {
    if (!this.get(key)) return
    const at = chunkOf(this.#chunks, key)
    const entries = this.#own(at)
    entries.splice(lowerBound(entries, key), 1)
    this.#size--
    if (entries.length === 0) this.#chunks.splice(at, 1)
  }

  /** Returns the current state. Later changes copy what they change. */
  snapshot(): EntrySnapshot<T> {
    if (!this.#snapshot) {
      this.#snapshot = new EntrySnapshot([...this.#chunks])
      this.#owner = {}
    }
    return this.#snapshot
  }

  /** Returns the entries of a chunk that may be changed: its own, or a copy if a snapshot has the chunk. */
  #own(at: number): Entry<T>[] {
    this.#snapshot = undefined
    const chunk = this.#chunks[at] as Chunk<T>
    if (chunk.owner === this.#owner) return chunk.entries
    const entries = [...chunk.entries]
    this.#chunks[at] = { owner: this.#owner, entries }
    return entries
  }
}

function find<T>(chunks: readonly Chunk<T>[], key: string): Entry<T> | undefined {
  const entries = chunks[chunkOf(chunks, key)]?.entries
  const entry = entries?.[lowerBound(entries, key)]
  return entry?.key === key ? entry : undefined
}

/** Returns the index of the first chunk whose last key is not less than `key`, or the number of chunks. */
const chunkOf = (chunks: readonly Chunk<unknown>[], key: string): number =>
  firstIndex(chunks.length, (at) => (chunks[at]?.entries.at(-1)?.key ?? '') >= key)

const lowerBound = (entries: readonly Entry<unknown>[], key: string): number =>
  firstIndex(entries.length, (at) => (entries[at]?.key ?? '') >= key)

/** Lower bound: the first index for which the predicate holds, or `length`. The predicate holds for every later index too. */
function firstIndex(length: number, holds: (at: number) => boolean): number {
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (holds(middle)) high = middle
    else low = middle + 1
  }
  return low
}
