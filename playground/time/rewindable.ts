// The objects of an informer as the views read them: those of now, or those of a moment of its past.
import type { Entry, Indexer, KubeObject, StoreChange, StoreUpdate, ViewSource } from 'kubeflect'
import { createHistory, type History, type HistoryState } from 'kubeflect/live'

/** What is used of an informer. */
export interface RewindableInformer {
  readonly indexer: Indexer<KubeObject>
  readonly status: { readonly hasSynced: boolean }
  subscribe(listener: () => void): () => void
}

type Update = StoreUpdate<KubeObject>

/** The store of an informer, which goes back in time. Subscribers get the changes of the shown state: those of the server while it is live. */
export class Rewindable implements ViewSource<KubeObject> {
  readonly #store: Indexer<KubeObject>
  readonly #listeners = new Set<(update: Update) => void>()
  readonly #onBegin = new Set<() => void>()
  #history: History<KubeObject> | undefined
  #begun = Number.NaN
  #past: HistoryState<KubeObject> | undefined

  constructor(informer: RewindableInformer) {
    this.#store = informer.indexer
    const begin = () => {
      // The first state is the beginning: before it the page knew nothing, which is not a past of the cluster.
      if (this.#history || !(informer.status.hasSynced || this.#store.size > 0)) return
      this.#history = createHistory(this.#store)
      this.#begun = Date.now()
      for (const listener of [...this.#onBegin]) listener()
    }
    this.#store.subscribe((update) => {
      if (!this.#past) this.#notify(update)
      begin()
    })
    informer.subscribe(begin)
    begin()
  }

  /** The past; undefined before the first state has arrived. */
  get history(): History<KubeObject> | undefined {
    return this.#history
  }

  /** The time at which the history began, in milliseconds since the epoch; NaN before it has. */
  get begun(): number {
    return this.#begun
  }

  /** Calls back when the history begins. Returns the function that ends it. */
  onBegin(listener: () => void): () => void {
    this.#onBegin.add(listener)
    return () => void this.#onBegin.delete(listener)
  }

  list(): readonly Entry<KubeObject>[] {
    return (this.#past ?? this.#store).list()
  }

  /** Returns the entry of a key in the shown state. */
  get(key: string): Entry<KubeObject> | undefined {
    return this.#past ? this.#past.list().find((entry) => this.keyOf(entry) === key) : this.#store.get(key)
  }

  keyOf(entry: Entry<KubeObject>): string {
    return this.#store.keyOf(entry)
  }

  subscribe(listener: (update: Update) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /**
   * Shows the state at a position of the history, or the present for undefined.
   *
   * @throws RangeError when the history does not reach the position.
   */
  moveTo(position: number | undefined): void {
    if (position !== undefined && this.#past) this.#past.moveTo(position)
    else this.#switchTo(position === undefined ? undefined : this.#history?.at(position))
  }

  #switchTo(past: HistoryState<KubeObject> | undefined): void {
    if (past === this.#past) return
    const before = this.list()
    past?.subscribe((update) => {
      if (this.#past === past) this.#notify(update)
    })
    this.#past = past
    const changes = this.#changesBetween(before, this.list())
    if (changes.length > 0) this.#notify({ type: 'apply', changes, resourceVersion: '' })
  }

  #changesBetween(before: readonly Entry<KubeObject>[], after: readonly Entry<KubeObject>[]): StoreChange<KubeObject>[] {
    const gone = new Map(before.map((entry) => [this.keyOf(entry), entry]))
    const changes: StoreChange<KubeObject>[] = []
    for (const entry of after) {
      const key = this.keyOf(entry)
      const previous = gone.get(key)
      gone.delete(key)
      if (previous === undefined) changes.push({ type: 'added', entry })
      else if (previous !== entry) changes.push({ type: 'updated', entry, previous })
    }
    return [...Array.from(gone.values(), (entry) => ({ type: 'deleted', entry }) as const), ...changes]
  }

  #notify(update: Update): void {
    for (const listener of [...this.#listeners]) listener(update)
  }
}
