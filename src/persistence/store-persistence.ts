import { isPersistenceError, PersistenceError } from '../errors'
import { type Clock, systemClock } from '../internal/clock'
import { listen } from '../internal/listen'
import { Listeners } from '../internal/listeners'
import { Opaque } from '../internal/opaque'
import { report } from '../internal/report'
import type { Entry } from '../meta/entry'
import type { StoreUpdate } from '../store/changes'
import type { Commit, LoadOptions, Persister, Scope, Snapshot } from './persister'
import { Restoring } from './restoring'

/** What {@link StorePersistence} needs of a store. */
export interface PersistableStore<T> {
  /** The version of what the store holds; the empty string while it has none. */
  readonly resourceVersion: string
  /** What the store holds, as an array that later changes leave alone. */
  list(): readonly Entry<T>[]
  /** Takes a persisted state over, unless the store has a resourceVersion already: then it returns `false` and changes nothing. */
  hydrate(entries: readonly Entry<T>[], resourceVersion: string): boolean
  /** Calls `listener` after each step, before the next one; returns the way to stop that. */
  subscribe(listener: (update: StoreUpdate<T>) => void): () => void
}

/** Options of {@link StorePersistence}. */
export interface StorePersistenceOptions {
  /** How long changes are gathered before they are stored together, in milliseconds; default 250. */
  flushIntervalMs?: number | undefined
  /** Resources that are to be stored although they hold secrets, by their plural: `['secrets']`. */
  sensitive?: readonly string[] | undefined
  /** Told of everything that went wrong. Nothing of it reaches the store. */
  onError?: ((error: unknown) => void) | undefined
  clock?: Clock | undefined
  /** Where `pagehide` and `visibilitychange` are heard, upon which everything is stored at once. Default: the page, where there is one. */
  events?: Pick<EventTarget, 'addEventListener' | 'removeEventListener'> | undefined
}

/** Options of {@link StorePersistence.start}. */
export interface StorePersistenceStartOptions<T = unknown> {
  /** Stops it, as {@link StorePersistence.stop} does. */
  signal?: AbortSignal | undefined
  /** How long to wait for the snapshot, or for more of one that is told of while it is read, in milliseconds; default 1,000. */
  loadTimeoutMs?: number | undefined
  /**
   * Told of the snapshot's entries as they are made, while the rest is still being read: each once, and before the store has any of them. `before`
   * is how many came earlier; 0: this is the beginning, and what was told before, in a reading that was lost, counts no more. When the result is
   * not `persisted`, none of them does. Not called when the store has a state already. What it throws is told to `onError`. Default: nobody is told.
   */
  onArrival?: ((entries: readonly Entry<T>[], before: number) => void) | undefined
}

/**
 * - `loading`: the snapshot is being read.
 * - `active`: changes are stored.
 * - `fenced`: another tab stores this feed now, or the snapshot was cleared: nothing is stored any more.
 * - `failed`: the storage refused, `error` says why: nothing is stored any more.
 * - `stopped`: not started yet, or stopped.
 */
export type PersistenceStatus = 'loading' | 'active' | 'fenced' | 'failed' | 'stopped'

/**
 * What became of the snapshot: `persisted`, the store has it; `none`, there was none; `late`, the network or the time limit was faster;
 * `failed`, it could not be read.
 */
export type HydrationResult = 'persisted' | 'none' | 'late' | 'failed'

/** A snapshot whose texts were made entries. */
interface Decoded<T> {
  readonly entries: readonly Entry<T>[]
  readonly resourceVersion: string
}

type Loaded = { readonly snapshot: Snapshot | undefined } | { readonly error: unknown } | 'late'

const EVENTS = ['pagehide', 'visibilitychange'] as const
/** Resources nobody stores by accident. */
const SENSITIVE = ['secrets']
const MAX_RETRIES = 5
const RETRY_BASE_MS = 1000

/**
 * Keeps a store's state in a persister: loads the last one, then stores what changes, in batches and behind the store's back. The stored
 * resourceVersion is always that of the stored objects. Whatever goes wrong, the store goes on from memory, and `status` says so.
 */
export class StorePersistence<T> extends Opaque implements AsyncDisposable {
  readonly #store: PersistableStore<T>
  readonly #persister: Persister
  readonly #scope: Scope
  readonly #flushIntervalMs: number
  readonly #onError: (error: unknown) => void
  readonly #clock: Clock
  readonly #events: StorePersistenceOptions['events']
  readonly #listeners = new Listeners<void>()
  readonly #stop = new AbortController()
  #status: PersistenceStatus = 'stopped'
  #error: unknown
  #started = false
  #unlisten = () => {}
  #unsubscribe = () => {}
  /** The newest state of each key that changed since the last commit; undefined for a deleted one. */
  #changed = new Map<string, Entry<T> | undefined>()
  /** The version of the store after the last of those changes; undefined while there was none. */
  #version: string | undefined
  /** What is stored is no base for changes: store everything. */
  #replace = false
  #timer: unknown
  #inFlight: Promise<void> | undefined
  #retries = 0

  /**
   * @throws PersistenceError with code `'refused'` for secrets that `sensitive` does not name.
   */
  constructor(store: PersistableStore<T>, persister: Persister, scope: Scope, options: StorePersistenceOptions = {}) {
    super()
    const { flushIntervalMs = 250, onError = () => {}, clock = systemClock, events = pageEvents() } = options
    refuseSecrets(scope, options)
    this.#store = store
    this.#persister = persister
    this.#scope = scope
    this.#flushIntervalMs = flushIntervalMs
    this.#onError = onError
    this.#clock = clock
    this.#events = events
  }

  get status(): PersistenceStatus {
    return this.#status
  }

  /** What ended it, while `status` is `failed` or `fenced`. */
  get error(): unknown {
    return this.#error
  }

  /** Calls `listener` after each change of `status`. Returns how to stop. Needs no `this`. */
  readonly subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener)

  /**
   * Loads the snapshot into the store and begins to store what changes. A snapshot of which nothing comes for too long is not waited for and not used.
   *
   * @throws TypeError when it was started or stopped before.
   */
  async start({ signal, loadTimeoutMs = 1000, onArrival }: StorePersistenceStartOptions<T> = {}): Promise<HydrationResult> {
    if (this.#started) throw new TypeError('StorePersistence.start: it was started or stopped before; make another one')
    this.#started = true
    if (signal?.aborted) return 'late'
    this.#unlisten = listen(signal, 'abort', () => void this.stop())
    this.#move('loading')
    const isWanted = () => this.#status === 'loading'
    const onEntries = (entries: readonly Entry<T>[], before: number) => {
      if (!isWanted() || this.#store.resourceVersion !== '') return
      try {
        onArrival?.(entries, before)
      } catch (error) {
        this.#report(error)
      }
    }
    const restoring = new Restoring<T>({ isWanted, onEntries })
    const loaded = await this.#load(loadTimeoutMs, restoring.take)
    const snapshot = loaded !== 'late' && 'snapshot' in loaded ? await this.#decode(loaded.snapshot, restoring) : undefined
    if (!isWanted()) return 'late'
    // From here to `subscribe` without a pause: a step of the store in between would be missed.
    let result: HydrationResult
    if (loaded === 'late') result = 'late'
    else if ('error' in loaded) result = this.#giveUp('failed', loaded.error)
    else if (snapshot === undefined) result = 'none'
    else result = this.#store.hydrate(snapshot.entries, snapshot.resourceVersion) ? 'persisted' : 'late'
    if (result === 'failed') return result
    this.#replace = result !== 'persisted'
    this.#unsubscribe = this.#store.subscribe((update) => this.#gather(update))
    for (const type of EVENTS) this.#events?.addEventListener(type, this.#flushNow)
    this.#move('active')
    if (this.#hasWork()) this.#schedule(this.#flushIntervalMs)
    return result
  }

  /** Stores what is waiting. Resolves when that is done, or has failed: `status` tells. */
  async flush(): Promise<void> {
    await this.#inFlight
    this.#begin()
    await this.#inFlight
  }

  /** Stores what is waiting and ends. A status of `failed` or `fenced` stays. */
  async stop(): Promise<void> {
    this.#started = true
    this.#detach()
    if (this.#status === 'active') await this.flush()
    this.#clock.clearTimeout(this.#timer)
    if (this.#status === 'active' || this.#status === 'loading') this.#move('stopped')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  #load(timeoutMs: number, take: NonNullable<LoadOptions['onTexts']>): Promise<Loaded> {
    return new Promise((resolve) => {
      let isOver = false
      const settle = (loaded: Loaded) => {
        isOver = true
        this.#clock.clearTimeout(timer)
        resolve(loaded)
      }
      const wait = () => this.#clock.setTimeout(() => settle('late'), timeoutMs)
      let timer = wait()
      this.#stop.signal.addEventListener('abort', () => settle('late'), { once: true })
      const onTexts = (texts: readonly string[], before: number) => {
        if (isOver) return
        // A large snapshot is not a slow storage.
        this.#clock.clearTimeout(timer)
        timer = wait()
        take(texts, before)
      }
      const load = async () => this.#persister.load(this.#scope, { onTexts })
      load().then(
        (snapshot) => settle({ snapshot }),
        (error: unknown) => settle({ error }),
      )
    })
  }

  async #decode(snapshot: Snapshot | undefined, restoring: Restoring<T>): Promise<Decoded<T> | undefined> {
    if (snapshot === undefined) return undefined
    try {
      return { entries: await restoring.finish(snapshot.texts), resourceVersion: snapshot.resourceVersion }
    } catch (error) {
      // Not cleared, which would fence this writer too: the next complete state replaces it.
      this.#report(error)
      return undefined
    }
  }

  #gather(update: StoreUpdate<T>): void {
    if (this.#status !== 'active' || update.type === 'resync') return
    if (update.type === 'replace') this.#replace = true
    else if (!this.#replace) {
      for (const { type, entry } of update.changes)
        if (type !== 'resynced') this.#changed.set(entry.key, type === 'deleted' ? undefined : entry)
      this.#version = update.resourceVersion
    }
    if (this.#inFlight === undefined) this.#schedule(this.#flushIntervalMs)
  }

  #hasWork(): boolean {
    return this.#replace ? this.#store.resourceVersion !== '' : this.#version !== undefined && this.#version !== ''
  }

  /** Everything that is waiting, as one step. */
  #take(): Commit {
    const changed = this.#changed
    const version = this.#version ?? ''
    this.#changed = new Map()
    this.#version = undefined
    if (this.#replace) {
      this.#replace = false
      return { type: 'replace', puts: this.#store.list(), resourceVersion: this.#store.resourceVersion }
    }
    const puts = [...changed.values()].filter((entry) => entry !== undefined)
    const deletes = [...changed].flatMap(([key, entry]) => (entry === undefined ? [key] : []))
    return { type: 'apply', puts, deletes, resourceVersion: version }
  }

  #schedule(ms: number): void {
    if (this.#timer !== undefined) return
    this.#timer = this.#clock.setTimeout(() => this.#begin(), ms)
  }

  #begin(): void {
    if (this.#inFlight !== undefined || this.#status !== 'active') return
    this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#hasWork()) this.#inFlight = this.#commit(this.#take())
  }

  async #commit(change: Commit): Promise<void> {
    let waitMs = this.#flushIntervalMs
    try {
      await this.#persister.commit(this.#scope, change)
      this.#retries = 0
    } catch (error) {
      const code = isPersistenceError(error) ? error.code : undefined
      if (code === 'unavailable' && this.#retries < MAX_RETRIES) {
        this.#report(error)
        this.#replace = true
        waitMs = RETRY_BASE_MS * 2 ** this.#retries++
      } else this.#giveUp(code === 'fenced' ? 'fenced' : 'failed', error)
    }
    this.#inFlight = undefined
    if (this.#status === 'active' && this.#hasWork()) this.#schedule(waitMs)
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

/** @throws PersistenceError with code `'refused'` for secrets that `sensitive` does not name. */
export function refuseSecrets({ resource }: Scope, { sensitive = [] }: Pick<StorePersistenceOptions, 'sensitive'>): void {
  const [plural = ''] = resource.split(/[./]/, 1)
  if (SENSITIVE.includes(plural) && !sensitive.includes(plural))
    throw new PersistenceError('refused', `${resource} are not stored on a disk unless asked for by name: sensitive: ['${plural}']`)
}

function pageEvents(): StorePersistenceOptions['events'] {
  return typeof globalThis.addEventListener === 'function' ? globalThis : undefined
}
