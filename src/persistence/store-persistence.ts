// Connects a store to a persister.

import { isPersistenceError, PersistenceError } from '../api/errors'
import type { Entry } from '../codec/entry'
import { type Clock, systemClock } from '../internal/clock'
import { listen } from '../internal/listen'
import { Listeners } from '../internal/listeners'
import { Opaque } from '../internal/opaque'
import { report } from '../internal/report'
import type { StoreUpdate } from '../store/changes'
import { answerOf } from './answer'
import { beginLoading, type Loaded } from './loading'
import type {
  HydrationResult,
  PersistableStore,
  PersistenceStatus,
  StorePersistenceOptions,
  StorePersistenceStartOptions,
} from './persistence-options'
import type { Persister, Scope, Snapshot, Step, StoredRecord } from './persister'
import { Restoring } from './restoring'
import { scopeId } from './scope'
import { refuseSecrets } from './sensitive'
import { storedEntryCheck } from './stored-entry'
import { newWriter } from './writer'

const EVENTS = ['pagehide', 'visibilitychange'] as const
const MAX_RETRIES = 5
const RETRY_BASE_MS = 1000
/** The maximum time a stop waits for the last changes to be stored, in milliseconds. Longer than it takes to detect a dead Worker. */
const STOP_TIMEOUT_MS = 10_000

/**
 * Keeps a store's state in a persister: loads the last snapshot, then stores changes in batches without delaying the store. The stored
 * resourceVersion always matches the stored objects. Nothing is stored without a load before it: after a failure of the storage or of a
 * Worker, the scope is loaded again, provided this writer still owns it. Whatever fails, the store continues from memory and `status`
 * reports it. After a clear, or when another tab has taken over, persistence stays `fenced` until another `StorePersistence` starts.
 *
 * The backlog holds at most one entry for each object of the store. Time limits: 60 seconds for each answer of the storage, 10 seconds for
 * a stop. An unavailable storage is retried five times.
 */
export class StorePersistence<T> extends Opaque implements AsyncDisposable {
  readonly #store: PersistableStore<T>
  readonly #persister: Persister
  readonly #scope: Scope
  readonly #check: (entry: Entry<T>, key: string) => void
  readonly #flushIntervalMs: number
  readonly #onError: (error: unknown) => void
  readonly #clock: Clock
  readonly #events: StorePersistenceOptions['events']
  readonly #listeners = new Listeners<void>()
  readonly #stop = new AbortController()
  #writer = newWriter()
  /** The writer to become by another load before the next commit; undefined while the storage has accepted the current one. */
  #nextWriter: string | undefined
  #status: PersistenceStatus = 'stopped'
  #error: unknown
  #started = false
  #unlisten = () => {}
  #unsubscribe = () => {}
  /** The newest state of each key changed since the last commit; undefined for a deleted one. */
  #changed = new Map<string, Entry<T> | undefined>()
  /** The store's version after the last of those changes; undefined when there were none. */
  #version: string | undefined
  /** Whether to store the complete state, because the stored one cannot be updated. */
  #replace = false
  #timer: unknown
  #inFlight: Promise<void> | undefined
  #verifying: Promise<void> | undefined
  #retries = 0

  /**
   * @throws PersistenceError with code `'refused'` for secrets that `sensitive` does not name.
   */
  constructor(store: PersistableStore<T>, persister: Persister, scope: Scope, options: StorePersistenceOptions<T> = {}) {
    super()
    const { flushIntervalMs = 250, check, onError = () => {}, clock = systemClock, events = pageEvents() } = options
    refuseSecrets(scope, options)
    this.#store = store
    this.#persister = persister
    this.#scope = scope
    this.#check = storedEntryCheck(scope, { keyOf: (entry) => this.#keyOf(entry), check })
    this.#flushIntervalMs = flushIntervalMs
    this.#onError = onError
    this.#clock = clock
    this.#events = events
  }

  get status(): PersistenceStatus {
    return this.#status
  }

  /** The error that ended persistence, while `status` is `failed` or `fenced`. */
  get error(): unknown {
    return this.#error
  }

  /** Calls `listener` after each change of `status`. Returns a function that removes it. Bound: can be passed as a value. */
  readonly subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener)

  /**
   * Loads the snapshot into the store and starts storing changes. A late snapshot is not used; storing starts once its load has ended.
   *
   * @throws TypeError when it was started or stopped before.
   */
  async start({ signal, loadTimeoutMs = 1000, onArrival }: StorePersistenceStartOptions<T> = {}): Promise<HydrationResult> {
    if (this.#started) throw new TypeError('StorePersistence.start: it was started or stopped before; make another one')
    this.#started = true
    if (signal?.aborted) return 'late'
    this.#unlisten = listen(signal, 'abort', () => void this.close())
    this.#move('loading')
    let isLate = false
    const isWanted = () => this.#status === 'loading' && !isLate
    const onEntries = (entries: readonly Entry<T>[], before: number) => {
      if (!isWanted() || this.#store.resourceVersion !== '') return
      try {
        onArrival?.(entries, before)
      } catch (error) {
        this.#report(error)
      }
    }
    const restoring = new Restoring<T>({ isWanted, check: this.#check, onEntries })
    const { inTime, settled } = beginLoading(this.#persister, this.#scope, {
      writer: this.#writer,
      onRecords: restoring.take,
      timeoutMs: loadTimeoutMs,
      signal: this.#stop.signal,
      clock: this.#clock,
    })
    const loaded = await inTime
    isLate = loaded === 'late'
    if (loaded === 'late') {
      void settled.then((outcome) => this.#beginLate(outcome))
      return 'late'
    }
    if (!isWanted()) return 'late'
    if ('error' in loaded) return this.#giveUp('failed', loaded.error)
    const entries = loaded.snapshot && (await this.#restored(loaded.snapshot, restoring))
    if (!isWanted()) return 'late'
    // No await from here to `subscribe`: a change of the store in between would be missed.
    let result: HydrationResult = 'none'
    if (loaded.snapshot && entries) result = this.#store.hydrate(entries, loaded.snapshot.resourceVersion) ? 'persisted' : 'late'
    this.#begin(result !== 'persisted')
    return result
  }

  /** Stores pending changes. Resolves when that is done or has failed; see `status`. */
  async flush(): Promise<void> {
    await this.#inFlight
    this.#storeNow()
    await this.#inFlight
  }

  /**
   * Verifies that this writer still owns the scope. After a clear, or when another tab has taken over, `status` becomes `fenced`.
   * Concurrent calls share one load.
   *
   * @returns whether changes are stored, or will be once the snapshot has been read.
   */
  async verify(): Promise<boolean> {
    this.#verifying ??= this.#verify().finally(() => {
      this.#verifying = undefined
    })
    await this.#verifying
    return this.#status === 'active' || this.#status === 'loading'
  }

  /** Stores pending changes and ends. Keeps a status of `failed` or `fenced`. */
  async close(): Promise<void> {
    this.#started = true
    this.#detach()
    if (this.#status === 'active')
      await answerOf(() => this.flush(), { clock: this.#clock, timeoutMs: STOP_TIMEOUT_MS }).catch((error) => this.#giveUp('failed', error))
    this.#clock.clearTimeout(this.#timer)
    if (this.#status === 'active' || this.#status === 'loading') this.#move('stopped')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #beginLate(loaded: Loaded): void {
    if (this.#status !== 'loading') return
    if ('error' in loaded) this.#giveUp('failed', loaded.error)
    else this.#begin(true)
  }

  /** @param replace whether the stored state cannot be updated and must be replaced. */
  #begin(replace: boolean): void {
    this.#replace = replace
    this.#unsubscribe = this.#store.subscribe((update) => this.#gather(update))
    for (const type of EVENTS) this.#events?.addEventListener(type, this.#flushNow)
    this.#move('active')
    if (this.#hasWork()) this.#schedule(this.#flushIntervalMs)
  }

  async #restored({ records, resourceVersion }: Snapshot, restoring: Restoring<T>): Promise<readonly Entry<T>[] | undefined> {
    try {
      if (resourceVersion === '') throw new PersistenceError('damaged', 'it has no resourceVersion')
      return await restoring.finish(records)
    } catch (cause) {
      // Not cleared, because that would fence this writer too; the next complete state replaces it.
      const why = cause instanceof Error ? cause.message : String(cause)
      const message = `${scopeId(this.#scope)}: the stored state is not used, the objects are listed instead: ${why}`
      this.#report(new PersistenceError('damaged', message, { cause }))
      return undefined
    }
  }

  #gather(update: StoreUpdate<T>): void {
    if (this.#status !== 'active' || update.type === 'resync') return
    if (update.type === 'replace') this.#replace = true
    else if (!this.#replace) {
      for (const { type, entry } of update.changes)
        if (type !== 'resynced') this.#changed.set(this.#keyOf(entry), type === 'deleted' ? undefined : entry)
      this.#version = update.resourceVersion
    }
    if (this.#inFlight === undefined) this.#schedule(this.#flushIntervalMs)
  }

  #hasWork(): boolean {
    return this.#replace ? this.#store.resourceVersion !== '' : this.#version !== undefined && this.#version !== ''
  }

  /** Takes all pending changes as one step. */
  #take(): Step {
    const changed = this.#changed
    const version = this.#version ?? ''
    this.#changed = new Map()
    this.#version = undefined
    if (this.#replace) {
      this.#replace = false
      const puts = this.#store.list().map((entry) => this.#recordOf(entry))
      return { type: 'replace', puts, resourceVersion: this.#store.resourceVersion }
    }
    const puts = [...changed.values()].flatMap((entry) => (entry ? [this.#recordOf(entry)] : []))
    const deletes = [...changed].flatMap(([key, entry]) => (entry === undefined ? [key] : []))
    return { type: 'apply', puts, deletes, resourceVersion: version }
  }

  #keyOf(entry: Entry<T>): string {
    return this.#store.keyOf?.(entry) ?? entry.key
  }

  #recordOf(entry: Entry<T>): StoredRecord {
    const key = this.#keyOf(entry)
    return key === entry.key ? entry : { key, text: entry.text }
  }

  #schedule(ms: number): void {
    if (this.#timer !== undefined) return
    this.#timer = this.#clock.setTimeout(() => this.#storeNow(), ms)
  }

  #storeNow(): void {
    if (this.#inFlight !== undefined || this.#status !== 'active') return
    this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#hasWork()) this.#inFlight = this.#commit(this.#take())
  }

  /** @param step left out: only become the next writer. */
  async #commit(step?: Step): Promise<void> {
    let waitMs = this.#flushIntervalMs
    try {
      await this.#renew()
      const change = step && { ...step, writer: this.#writer }
      if (change) await answerOf(() => this.#persister.commit(this.#scope, change), { clock: this.#clock })
      this.#retries = 0
    } catch (error) {
      const code = isPersistenceError(error) ? error.code : undefined
      if (code === 'unavailable' && this.#retries < MAX_RETRIES) {
        this.#report(error)
        this.#replace = true
        this.#nextWriter ??= newWriter()
        waitMs = RETRY_BASE_MS * 2 ** this.#retries++
      } else this.#giveUp(code === 'fenced' ? 'fenced' : 'failed', error)
    }
    this.#inFlight = undefined
    if (this.#status === 'active' && this.#hasWork()) this.#schedule(waitMs)
  }

  async #verify(): Promise<void> {
    // A commit in progress must end under the writer name it began with.
    while (this.#inFlight) await this.#inFlight
    if (this.#status !== 'active') return
    this.#nextWriter ??= newWriter()
    this.#inFlight = this.#commit()
    await this.#inFlight
  }

  /** Becomes the next writer after a failure. The failed step may still be in progress; from now on it is fenced under the earlier name. */
  async #renew(): Promise<void> {
    const writer = this.#nextWriter
    if (writer === undefined) return
    const after = this.#writer
    await answerOf((restart) => this.#persister.load(this.#scope, { writer, after, onRecords: restart }), { clock: this.#clock })
    this.#writer = writer
    this.#nextWriter = undefined
  }

  readonly #flushNow = (): void => void this.flush()

  #giveUp(status: 'failed' | 'fenced', error: unknown): 'failed' {
    this.#error = error
    this.#detach()
    this.#changed.clear()
    this.#report(error)
    this.#move(status)
    return 'failed'
  }

  #detach(): void {
    this.#stop.abort()
    this.#unlisten()
    this.#unsubscribe()
    this.#unsubscribe = () => {}
    for (const type of EVENTS) this.#events?.removeEventListener(type, this.#flushNow)
  }

  #move(status: PersistenceStatus): void {
    this.#status = status
    this.#listeners.notify()
  }

  #report(error: unknown): void {
    try {
      this.#onError(error)
    } catch (thrown) {
      report(thrown)
    }
  }
}

function pageEvents(): StorePersistenceOptions['events'] {
  return typeof globalThis.addEventListener === 'function' ? globalThis : undefined
}
