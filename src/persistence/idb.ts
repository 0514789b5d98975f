import { createStore } from 'idb-keyval'
import { type Clock, systemClock } from '../internal/clock'
import { IdbConnection, requested } from './idb-connection'
import {
  claimOf,
  headKey,
  isHead,
  journalKey,
  journalRecordSize,
  journalRecords,
  readSnapshot,
  recordsOf,
  scopeRange,
  snapshotSize,
  writeSnapshot,
} from './idb-layout'
import type { Commit, Persister, Scope, Snapshot } from './persister'
import { baselessError, fencedError, scopeId, scopeMatches } from './scope'

/** What {@link idbPersister} takes. */
export interface IdbPersisterOptions {
  /** The database's name, its own: it must not be one that holds anything else. */
  database: string
  /** How long the database may take to open before it counts as unavailable, in milliseconds; default 5,000. */
  openTimeoutMs?: number | undefined
  /**
   * Runs a callback when there is nothing better to do: the journal is folded into the segments then. Default: `requestIdleCallback`, or
   * a second later where there is none.
   */
  whenIdle?: ((run: () => void) => void) | undefined
  clock?: Clock | undefined
}

/** A journal this small, in characters, is never worth folding. */
const SMALL = 1 << 18

/** What a writer knows of the state it wrote last. As long as it is the writer, nobody else changes that. */
interface Base {
  journalLength: number
  endsInBookmark: boolean
  /** In characters. */
  journalSize: number
  /** The size of a journal at which folding it is tried. */
  foldAt: number
}

/** The right to commit: it lasts until the scope's head names somebody else, or is gone. */
interface Claim {
  readonly writer: string
  /** Undefined while there is nothing that an `apply` could go on from. */
  base: Base | undefined
}

/**
 * Keeps snapshots in IndexedDB. Every commit is one transaction that first looks whether this persister is still the scope's writer. An
 * `apply` appends to a journal; when the journal has outgrown what it would be folded to, it is, so that a changed byte is written at most
 * twice on average. Folding reads the whole snapshot into memory for a moment.
 *
 * @example
 * ```ts
 * const pods = createInformer(client, Pod, { persister: idbPersister({ database: 'dashboard' }) })
 * ```
 */
export function idbPersister(options: IdbPersisterOptions): Persister {
  return new IdbPersister(options)
}

class IdbPersister implements Persister {
  readonly #connection: IdbConnection
  readonly #whenIdle: (run: () => void) => void
  readonly #claims = new Map<string, Claim>()
  #last: Promise<unknown> = Promise.resolve()

  constructor({ database, openTimeoutMs = 5000, clock = systemClock, whenIdle = idleOf(clock) }: IdbPersisterOptions) {
    this.#connection = new IdbConnection({ database, connect: () => createStore(database, 'snapshots'), openTimeoutMs, clock })
    this.#whenIdle = whenIdle
  }

  load(scope: Scope): Promise<Snapshot | undefined> {
    return this.#inTurn(() => this.#load(scopeId(scope)))
  }

  commit(scope: Scope, change: Commit): Promise<void> {
    const id = scopeId(scope)
    return this.#inTurn(() => (change.type === 'replace' ? this.#replace(id, change) : this.#apply(id, change)))
  }

  clear(fields: Partial<Scope> = {}): Promise<void> {
    return this.#inTurn(() =>
      this.#connection.transact(async (store) => {
        let key = await requested(store.openKeyCursor())
        while (key !== null) {
          const [id] = Array.isArray(key.key) ? key.key : []
          const request = key.request as IDBRequest<IDBCursor | null>
          if (typeof id !== 'string') key.continue()
          else {
            if (scopeMatches(id, fields)) store.delete(scopeRange(id))
            key.continue([id, []])
          }
          key = await requested(request)
        }
      }),
    )
  }

  /** One thing after the other: a claim is only changed by what has happened. IndexedDB would not run them at once either. */
  #inTurn<R>(work: () => Promise<R>): Promise<R> {
    const result = this.#last.then(work)
    this.#last = result.catch(() => {})
    return result
  }

  async #load(id: string): Promise<Snapshot | undefined> {
    const writer = newWriter()
    const stored = await this.#connection.transact(async (store) => {
      const head = await requested<unknown>(store.get(headKey(id)))
      const found = isHead(head) ? await readSnapshot(store, id, head) : undefined
      if (found === undefined) await requested(store.delete(scopeRange(id)))
      await requested(store.put(isHead(head) && found ? { ...head, writer } : claimOf(writer), headKey(id)))
      return found
    })
    if (stored === undefined) {
      this.#claims.set(id, { writer, base: undefined })
      return undefined
    }
    const { resourceVersion, texts, journalLength, journalSize, endsInBookmark, segmentsSize } = stored
    this.#claims.set(id, { writer, base: { journalLength, journalSize, endsInBookmark, foldAt: Math.max(SMALL, segmentsSize) } })
    return { resourceVersion, texts: [...texts.values()] }
  }

  async #replace(id: string, { puts, resourceVersion }: Commit): Promise<void> {
    const claim = this.#claims.get(id)
    const writer = claim?.writer ?? newWriter()
    const size = await this.#connection.transact(async (store) => {
      if (claim) await this.#checkWriter(store, id, claim)
      return writeSnapshot(store, id, writer, puts, resourceVersion)
    })
    this.#claims.set(id, { writer, base: folded(size) })
  }

  async #apply(id: string, change: Commit & { type: 'apply' }): Promise<void> {
    const claim = this.#claims.get(id)
    if (claim === undefined) throw baselessError(id)
    const records = journalRecords(change)
    const base = await this.#connection.transact(async (store) => {
      await this.#checkWriter(store, id, claim)
      if (claim.base === undefined) throw baselessError(id)
      const { journalLength, endsInBookmark } = claim.base
      // A record that only moved the version has served its purpose as soon as there is another one.
      let number = endsInBookmark ? journalLength - 1 : journalLength
      for (const record of records) await requested(store.put(record, journalKey(id, number++)))
      return { ...claim.base, journalLength: number }
    })
    base.endsInBookmark = change.puts.length === 0 && change.deletes.length === 0
    for (const record of records) base.journalSize += journalRecordSize(record)
    claim.base = base
    this.#foldWhenIdle(id, base)
  }

  #foldWhenIdle(id: string, base: Base): void {
    if (base.journalSize < base.foldAt) return
    // Not asked for again before the journal has doubled: by then it was folded, or it was too early.
    base.foldAt = base.journalSize * 2
    this.#whenIdle(() => {
      // Nothing is lost when it fails: the journal stays, and what made it fail fails the next commit too.
      this.#inTurn(() => this.#fold(id)).catch(() => {})
    })
  }

  async #fold(id: string): Promise<void> {
    const claim = this.#claims.get(id)
    if (claim?.base === undefined) return
    const { base, writer } = claim
    const size = await this.#connection.transact(async (store) => {
      const head = await requested<unknown>(store.get(headKey(id)))
      const stored = isHead(head) && head.writer === writer ? await readSnapshot(store, id, head) : undefined
      if (stored === undefined) return undefined
      const needed = snapshotSize(stored.texts)
      // Written only when at least as much was written since the last time: hence the bound of two.
      if (needed <= base.journalSize) await writeSnapshot(store, id, writer, recordsOf(stored.texts), stored.resourceVersion)
      return needed
    })
    if (size === undefined) return
    if (size <= base.journalSize) claim.base = folded(size)
    else base.foldAt = Math.max(base.foldAt, size)
  }

  async #checkWriter(store: IDBObjectStore, id: string, claim: Claim): Promise<void> {
    const head = await requested<unknown>(store.get(headKey(id)))
    if (isHead(head) && head.writer === claim.writer) return
    this.#claims.delete(id)
    throw fencedError(id)
  }
}

function folded(size: number): Base {
  return { journalLength: 0, endsInBookmark: false, journalSize: 0, foldAt: Math.max(SMALL, size) }
}

/** Random, since a count would begin again after a `clear`. (`randomUUID` is not there on pages without TLS.) */
function newWriter(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join('-')
}

function idleOf(clock: Clock): (run: () => void) => void {
  if (typeof requestIdleCallback === 'function') return (run) => void requestIdleCallback(run, { timeout: 10_000 })
  return (run) => void clock.setTimeout(run, 1000)
}
