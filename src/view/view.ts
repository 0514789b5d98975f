// A filtered, sorted and paged view of a store.

import type { Entry } from '../codec/entry'
import { type Clock, systemClock } from '../internal/clock'
import { describeValue } from '../internal/describe-value'
import { Listeners } from '../internal/listeners'
import { once, together } from '../internal/once'
import { Opaque } from '../internal/opaque'
import { guarded, report } from '../internal/report'
import type { Seams } from '../internal/seams'
import { SLICE_MS } from '../internal/turn'
import type { StoreUpdate } from '../store/changes'
import { checkFunction, Plan, Row } from './plan'
import type { ViewQuery, ViewSort, ViewWindow } from './query'
import type { Readable } from './readable'

/** The time between two frames of a page, in milliseconds. */
const FRAME_MS = 16

/** The source of a {@link View}: a `Store` or an `Indexer`. */
export interface ViewSource<T> {
  list(): readonly Entry<T>[]
  keyOf(entry: Entry<T>): string
  subscribe(listener: (update: StoreUpdate<T>) => void): () => void
}

/** Options of a view, including its first query. */
export interface ViewOptions<T> extends ViewQuery<T>, Pick<Seams, 'clock'> {
  /**
   * `'whileHeard'` follows the source only while the view has a listener, and then catches up with what was missed. Such a view needs no `close`: one
   * that a component creates in a render that is thrown away leaves nothing behind. Default `'always'`.
   */
  follow?: 'always' | 'whileHeard' | undefined
  /** Compares strings; default by code units, which is several times faster. */
  collator?: Intl.Collator | undefined
  /**
   * Runs the work soon, once. Changes of the source until then are shown together. Default: 16 ms later, about a frame.
   * `requestAnimationFrame` and `queueMicrotask` work too; pages in the background have no frames.
   */
  schedule?: ((work: () => void) => void) | undefined
  /** Called when a function of the query throws: the entry is left out, or sorted last. Default: reported as an uncaught error. */
  onError?: ((error: unknown) => void) | undefined
}

/** Shared by all views, so that its identity never changes. */
const NO_ROWS: ViewSnapshot<never> = { rows: [], offset: 0, total: 0 }

/** The visible entries. Immutable: each change makes a new snapshot. */
export interface ViewSnapshot<T> {
  /** The entries in the window, in order. An entry is the same until its resourceVersion changes. */
  readonly rows: readonly Entry<T>[]
  /** The number of entries before the first row. */
  readonly offset: number
  /** The number of entries that pass the filter. */
  readonly total: number
}

/**
 * Follows a store through a filter, an order and a window. The cost of a change does not depend on the number of entries, apart from about
 * twenty comparisons. The functions of the query are called once for each version of an entry.
 *
 * Long work, such as the first pass over 200,000 objects, another order or a new list, runs in slices of 8 ms. Until it ends, the snapshot
 * keeps its content, or grows from an empty one.
 *
 * @example
 * ```ts
 * const view = createView(pods, {
 *   filter: { labelSelector: 'app=web', search: { text: 'shop' } },
 *   sort: { by: (pod) => pod.object.status?.startTime, descending: true },
 *   window: { limit: 50 },
 * })
 * view.subscribe(({ rows, total }) => draw(rows, total))
 * view.update({ window: { offset: 50, limit: 50 } })
 * // React: useSyncExternalStore(view.subscribe, () => view.snapshot)
 * ```
 */
export class View<T> extends Opaque implements Disposable, Readable<ViewSnapshot<T>> {
  /** The snapshot of a view without rows, for servers and hydration. */
  readonly initial: ViewSnapshot<T> = NO_ROWS
  readonly #source: ViewSource<T>
  readonly #clock: Clock
  readonly #workSoon: () => void
  readonly #snapshots = new Listeners<ViewSnapshot<T>>()
  #unsubscribe: (() => void) | undefined
  /** The number of listeners; one more for a view that always follows. */
  #heard = 0
  /** The source's list as of the last pass, while the view does not follow; undefined when it must be compared again. */
  #seen: readonly Entry<T>[] | undefined
  readonly #rows = new Map<string, Row<T>>()
  /** The changes since the last pass began, by key; undefined for a deleted entry. */
  #changes = new Map<string, Entry<T> | undefined>()
  /** The changes that the current pass applies. */
  #applying: ReadonlyMap<string, unknown> = new Map()
  #plan: Plan<T>
  /** The plan that placed all rows. */
  #placed: Plan<T>
  #window: ViewWindow
  #snapshot: ViewSnapshot<T> = NO_ROWS
  #pass: Iterator<void> | undefined
  /** Whether the pass began with an empty snapshot, so that each slice is shown. */
  #growing = true
  #closed = false

  constructor(source: ViewSource<T>, options: ViewOptions<T> = {}) {
    super()
    const { clock = systemClock, onError = report, follow = 'always', collator, schedule, ...query } = options
    this.#source = source
    this.#clock = clock
    this.#workSoon = together(schedule ?? ((work) => void clock.setTimeout(work, FRAME_MS)), () => {
      if (this.#heard > 0) this.#work(SLICE_MS)
    })
    this.#window = checked(query.window ?? {})
    this.#plan = new Plan({ collator, onError: guarded(onError) }, query.filter ?? {}, columnsOf(query.sort ?? []))
    this.#placed = this.#plan
    if (follow === 'always') this.#follow()
  }

  /** The visible entries: the same object until one of them changes. */
  get snapshot(): ViewSnapshot<T> {
    if (this.#heard === 0) this.#catchUp()
    return this.#snapshot
  }

  /** Whether the view still filters or sorts: {@link snapshot} may lack rows, or show those of the previous query. */
  get isPending(): boolean {
    return this.#pass !== undefined || this.#placed !== this.#plan
  }

  /** The number of entries that pass the filter. */
  get total(): number {
    return this.snapshot.total
  }

  /** Calls back after each change of {@link snapshot}. Returns the function that ends it. Bound. */
  readonly subscribe = (listener: (snapshot: ViewSnapshot<T>) => void): (() => void) => {
    // Before the listener is added: it learns from `snapshot` what was missed.
    this.#follow()
    let leave: (() => void) | undefined
    const end = () => {
      leave?.()
      this.#heard--
      if (this.#heard === 0) this.#rest()
    }
    try {
      leave = this.#snapshots.add(listener)
    } catch (error) {
      end()
      throw error
    }
    return once(end)
  }

  /**
   * Changes the query. Omitted parts stay; `{}` and `[]` reset them. The snapshot is up to date when this returns, unless that takes more
   * than 8 ms. Moving the window costs no more than its rows.
   *
   * @throws SelectorError; RangeError for an invalid window, in which case nothing has changed; Error after the view was closed.
   */
  update({ filter, sort, window = this.#window }: ViewQuery<T>): void {
    if (this.#closed) throw new Error('the view was closed and no longer follows its store: make another one with createView')
    checked(window)
    this.#plan = this.#plan.with(filter, sort && columnsOf(sort))
    this.#window = window
    if (this.#heard === 0) this.#catchUp()
    if (this.#isBehind) this.#work(SLICE_MS)
    else this.#show()
  }

  /** Brings the snapshot up to date before it returns, however long that takes. */
  flush(): void {
    if (this.#heard === 0) this.#catchUp()
    this.#work(Number.POSITIVE_INFINITY)
  }

  /** Stops following the source. The last snapshot stays. Calling it again is a no-op. */
  close(): void {
    this.#closed = true
    this.#unsubscribe?.()
  }

  /** The same as {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close()
  }

  get #isBehind(): boolean {
    return this.#pass !== undefined || this.#changes.size > 0 || this.#placed !== this.#plan
  }

  /** Counts a listener, and follows the source from the first one on. */
  #follow(): void {
    this.#heard++
    if (this.#heard > 1 || this.#closed) return
    // The source may begin to list its entries only when it has a subscriber.
    this.#unsubscribe = this.#source.subscribe((update) => this.#take(update))
    this.#catchUp()
    if (this.#isBehind) this.#workLater()
  }

  /** Stops following the source until the next listener subscribes. */
  #rest(): void {
    this.#unsubscribe?.()
    this.#seen = this.#isBehind ? undefined : this.#source.list()
  }

  /** Compares the source with the rows, after the view has not followed it. */
  #catchUp(): void {
    const entries = this.#source.list()
    if (entries === this.#seen || this.#closed) return
    this.#seen = entries
    const gone = new Set([...this.#rows.keys(), ...this.#applying.keys(), ...this.#changes.keys()])
    for (const entry of entries) {
      const key = this.#source.keyOf(entry)
      gone.delete(key)
      const isKnown = this.#rows.get(key)?.entry === entry && !this.#applying.has(key) && !this.#changes.has(key)
      if (!isKnown) this.#changes.set(key, entry)
    }
    for (const key of gone) this.#changes.set(key, undefined)
    this.#work(SLICE_MS)
  }

  #take({ changes }: StoreUpdate<T>): void {
    for (const { type, entry } of changes) {
      if (type !== 'resynced') this.#changes.set(this.#source.keyOf(entry), type === 'deleted' ? undefined : entry)
    }
    if (this.#changes.size > 0) this.#workLater()
  }

  #workLater(): void {
    if (this.#heard > 0) this.#workSoon()
  }

  #work(sliceMs: number): void {
    const end = this.#clock.now() + sliceMs
    while (this.#isBehind && !this.#closed) {
      this.#pass ??= this.#begin()
      if (this.#pass.next().done) {
        this.#pass = undefined
        this.#show()
      } else if (this.#clock.now() >= end) {
        if (this.#growing) this.#show()
        this.#workLater()
        return
      }
    }
  }

  /** Applies all pending work, one row at a time. Later changes wait for the next pass, so that a snapshot is always a state that the source had. */
  *#begin(): Generator<void, void> {
    this.#growing = this.#snapshot.total === 0
    const changes = this.#changes
    this.#changes = new Map()
    this.#applying = changes
    for (const [key, entry] of changes) {
      this.#put(key, entry)
      yield
    }
    this.#applying = this.#changes
    // The query may change again before all rows are placed.
    while (this.#placed !== this.#plan) {
      const plan = this.#plan
      for (const row of this.#rows.values()) {
        if (plan !== this.#plan) break
        plan.place(row)
        yield
      }
      if (plan === this.#plan) this.#placed = plan
    }
  }

  #put(key: string, entry: Entry<T> | undefined): void {
    const known = this.#rows.get(key)
    if (known?.entry === entry) return
    if (known) this.#plan.remove(known)
    if (!entry) {
      this.#rows.delete(key)
      return
    }
    const row = new Row(key, entry)
    this.#rows.set(key, row)
    this.#plan.place(row)
  }

  #show(): void {
    const { offset = 0, limit = Number.POSITIVE_INFINITY } = this.#window
    const { rows: all } = this.#plan
    const { shown: total } = all
    const rows = all.slice(offset, offset + limit).map(({ entry }) => entry)
    const before = this.#snapshot
    const isSame = total === before.total && offset === before.offset && rows.length === before.rows.length
    if (isSame && rows.every((entry, i) => entry === before.rows[i])) return
    this.#snapshot = { rows, offset, total }
    this.#snapshots.notify(this.#snapshot)
  }
}

/**
 * Makes a {@link View} of a store or an informer.
 *
 * @throws TypeError when the source is neither, or part of the query is not a function; SelectorError; RangeError for an invalid window.
 */
export function createView<T>(source: ViewSource<T> | { readonly store: ViewSource<T> }, options?: ViewOptions<T>): View<T> {
  return new View(sourceOf(source, 'createView'), options)
}

/**
 * Returns the store of what was given to `caller`.
 *
 * @throws TypeError when it is neither a store nor an informer.
 */
export function sourceOf<T>(source: ViewSource<T> | { readonly store: ViewSource<T> }, caller: string): ViewSource<T> {
  const store = typeof source === 'object' && source !== null && 'store' in source ? source.store : source
  if (typeof store?.subscribe !== 'function' || typeof store.list !== 'function')
    throw new TypeError(`${caller}: the source is a store or an informer, got ${describeValue(source)}`)
  return store
}

function columnsOf<T>(sort: ViewSort<T> | readonly ViewSort<T>[]): readonly ViewSort<T>[] {
  const columns = [sort].flat() as ViewSort<T>[]
  for (const column of columns) checkFunction('sort.by', column?.by, 'sort: { by: (entry) => entry.name }')
  return columns
}

function checked(window: ViewWindow): ViewWindow {
  const { offset = 0, limit = Number.POSITIVE_INFINITY } = window
  const isCount = (value: number) => Number.isInteger(value) && value >= 0
  if (!isCount(offset)) throw new RangeError(`a view's window has a number of entries as its offset, not ${offset}`)
  if (!isCount(limit) && limit !== Number.POSITIVE_INFINITY)
    throw new RangeError(`a view's window has a number of rows as its limit, not ${limit}`)
  return window
}
