// Lists that are polled, for collections without a watch such as those of metrics.k8s.io.

import type { KubeObject } from '../api/object'
import type { Resource } from '../api/resource'
import type { Entry } from '../codec/entry'
import type { Clock } from '../internal/clock'
import { listen } from '../internal/listen'
import { Listeners } from '../internal/listeners'
import { once } from '../internal/once'
import { isPageHidden, onWake, type Wake } from '../internal/wake'
import type { EntryClient } from '../source/list-watch'
import type { StoreUpdate } from '../store/changes'
import { Store } from '../store/store'
import type { LiveSelection } from './feeds'
import type { LiveSource } from './source'
import { closedError, IDLE, type LiveStatus } from './status'

/** The dependencies of a {@link PolledSource}. */
export interface PollOptions {
  readonly client: EntryClient
  readonly clock: Clock
  readonly everyMs: number
  readonly selection: LiveSelection
  readonly onWake?: ((listener: (wake: Wake) => void) => () => void) | undefined
  /** Ends the polling for good. */
  readonly signal: AbortSignal
}

/** Lists a collection at an interval while it has listeners and the page is visible. */
export class PolledSource<T extends KubeObject> implements LiveSource<T> {
  readonly #resource: Resource<T>
  readonly #options: PollOptions
  readonly #store = new Store<T>()
  readonly #statuses = new Listeners<void>()
  readonly #waiting = new Set<{ resolve: () => void; reject: (reason: unknown) => void }>()
  #users = 0
  #asking: AbortController | undefined
  #timer: unknown
  #unlisten = () => {}
  #status: LiveStatus = IDLE

  constructor(resource: Resource<T>, options: PollOptions) {
    this.#resource = resource
    this.#options = options
  }

  get status(): LiveStatus {
    return this.#status
  }

  list(): readonly Entry<T>[] {
    return this.#store.list()
  }

  keyOf(entry: Entry<T>): string {
    return this.#store.keyOf(entry)
  }

  subscribe(listener: (update: StoreUpdate<T>) => void): () => void {
    return this.#hold(this.#store.subscribe(listener))
  }

  subscribeStatus(listener: () => void): () => void {
    return this.#hold(this.#statuses.add(listener))
  }

  async whenReady(): Promise<void> {
    if (this.#status.isReady) return
    if (this.#options.signal.aborted) throw closedError()
    const release = this.#hold(() => {})
    try {
      await new Promise<void>((resolve, reject) => this.#waiting.add({ resolve, reject }))
    } finally {
      release()
    }
  }

  #hold(stop: () => void): () => void {
    if (++this.#users === 1) this.#begin()
    return once(() => {
      stop()
      if (--this.#users === 0) this.#end()
    })
  }

  #begin(): void {
    const { signal, onWake: wake = onWake } = this.#options
    if (signal.aborted) {
      this.#become({ state: 'stopped' })
      return
    }
    const stops = [wake(() => void this.#ask()), listen(signal, 'abort', () => this.#close())]
    this.#unlisten = () => {
      for (const stop of stops) stop()
    }
    void this.#ask()
  }

  #close(): void {
    this.#end()
    this.#become({ state: 'stopped' })
    this.#settle(({ reject }) => reject(closedError()))
  }

  #end(): void {
    this.#unlisten()
    this.#options.clock.clearTimeout(this.#timer)
    this.#asking?.abort()
    this.#asking = undefined
  }

  /** Lists once, and again after the interval. While the page is hidden it waits to become visible. */
  async #ask(): Promise<void> {
    if (this.#asking || this.#users === 0 || (isPageHidden() && this.#status.isReady)) return
    const { client, clock, everyMs, selection } = this.#options
    const asking = new AbortController()
    this.#asking = asking
    clock.clearTimeout(this.#timer)
    if (!this.#status.isReady) this.#become({ state: 'connecting' })
    try {
      const { entries, resourceVersion } = await client.listEntries(this.#resource, { ...selection, signal: asking.signal })
      if (asking.signal.aborted) return
      this.#store.replace(entries, resourceVersion)
      this.#become({ state: 'polling', isReady: true, isStale: false, source: 'list', error: undefined, resourceVersion })
      this.#settle(({ resolve }) => resolve())
    } catch (error) {
      if (asking.signal.aborted) return
      this.#become({ state: 'backoff', isStale: this.#status.isReady, error })
      this.#settle(({ reject }) => reject(error))
    }
    this.#asking = undefined
    this.#timer = clock.setTimeout(() => void this.#ask(), everyMs)
  }

  #settle(how: (waiting: { resolve: () => void; reject: (reason: unknown) => void }) => void): void {
    for (const each of this.#waiting) how(each)
    this.#waiting.clear()
  }

  #become(change: Partial<LiveStatus>): void {
    this.#status = { ...this.#status, ...change }
    this.#statuses.notify()
  }
}
