// A list as a component shows it: the rows of a view, with the status of their feed.

import type { Clock } from '../internal/clock'
import { Listeners } from '../internal/listeners'
import { once } from '../internal/once'
import { Opaque } from '../internal/opaque'
import type { ViewQuery } from '../view/query'
import type { Readable } from '../view/readable'
import { createView, type View, type ViewSnapshot } from '../view/view'
import type { LiveSource } from './source'
import { IDLE, type LiveStatus } from './status'

/** The rows of a list, and their status. Immutable: each change makes a new snapshot. */
export interface LiveList<T> extends ViewSnapshot<T>, LiveStatus {
  /** Whether the view still filters or sorts: rows may be missing, or be those of the previous query. Takes more than 8 ms for large lists only. */
  readonly isPending: boolean
}

/** A list that can be read and observed. Nothing is requested before it has a listener. */
export interface LiveListReadable<T> extends Readable<LiveList<T>> {
  readonly initial: LiveList<T>
  /**
   * Shows something else; see `View.update`. Parts that are left out stay as they are.
   *
   * @throws SelectorError; RangeError for an invalid window; TypeError for a part that is not a function.
   */
  update(view: ViewQuery<T>): void
  /**
   * Resolves when there is a complete state, from storage or from the server. Starts the feed. The same promise for equal requests until it settles.
   *
   * @throws the server's error when it denies access or lacks the resource.
   */
  whenReady(): Promise<void>
}

/** The list before anything has started. */
export const INITIAL_LIST: LiveList<never> = Object.freeze({ rows: [], offset: 0, total: 0, isPending: false, ...IDLE })

/** The interval of looking at a view that has not finished, in milliseconds. */
const PENDING_MS = 16

/** The dependencies of a list beside its source. */
export interface ListOptions {
  readonly clock: Clock
  readonly schedule: ((work: () => void) => void) | undefined
  readonly onError: ((error: unknown) => void) | undefined
}

/** Joins the view of a source with its status. */
export class SourceList<T> extends Opaque implements LiveListReadable<T> {
  readonly initial: LiveList<T> = INITIAL_LIST
  readonly #source: LiveSource<T>
  readonly #clock: Clock
  readonly #view: View<T>
  readonly #listeners = new Listeners<LiveList<T>>()
  #heard = 0
  #stop = () => {}
  #timer: unknown
  /** Whether a change of the status is under way, which notifies once, at its end. */
  #isChanging = false
  #rows: ViewSnapshot<T> | undefined
  #status: LiveStatus = IDLE
  #snapshot: LiveList<T> = INITIAL_LIST

  constructor(source: LiveSource<T>, query: ViewQuery<T>, { clock, ...options }: ListOptions) {
    super()
    this.#source = source
    this.#clock = clock
    this.#view = createView(source, { ...query, ...options, clock, follow: 'whileHeard' })
  }

  get snapshot(): LiveList<T> {
    const rows = this.#view.snapshot
    const { status } = this.#source
    const { isPending } = this.#view
    if (rows !== this.#rows || status !== this.#status || isPending !== this.#snapshot.isPending) {
      this.#rows = rows
      this.#status = status
      this.#snapshot = rows.total === 0 && status === IDLE && !isPending ? INITIAL_LIST : { ...rows, ...status, isPending }
    }
    return this.#snapshot
  }

  readonly subscribe = (listener: (snapshot: LiveList<T>) => void): (() => void) => {
    const leave = this.#listeners.add(listener)
    if (++this.#heard === 1) this.#follow()
    return once(() => {
      leave()
      if (--this.#heard === 0) this.#rest()
    })
  }

  update(query: ViewQuery<T>): void {
    const before = this.#snapshot
    this.#isChanging = true
    try {
      this.#view.update(query)
    } finally {
      this.#isChanging = false
    }
    this.#notifyIfNot(before)
  }

  whenReady(): Promise<void> {
    return this.#source.whenReady()
  }

  #follow(): void {
    // A status and its rows are one change: the view catches up before listeners read either.
    const stopStatus = this.#source.subscribeStatus(() => this.update({}))
    const stopView = this.#view.subscribe(() => {
      if (!this.#isChanging) this.#notify()
    })
    this.#stop = () => {
      stopStatus()
      stopView()
    }
    this.#lookAgain()
  }

  #rest(): void {
    this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
    this.#stop()
  }

  #notify(): void {
    this.#listeners.notify(this.snapshot)
    this.#lookAgain()
  }

  #notifyIfNot(before: LiveList<T>): void {
    if (this.#heard > 0 && this.snapshot !== before) this.#notify()
  }

  /** A view that is pending may finish without a change of its rows. */
  #lookAgain(): void {
    if (!this.#view.isPending || this.#timer !== undefined) return
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = undefined
      this.#notifyIfNot(this.#snapshot)
      this.#lookAgain()
    }, PENDING_MS)
  }
}
