// What came of a fault: counted from the press of a button until the page is live again.
import type { ClusterInfo } from '../controls.ts'
import type { Feed } from '../feeds.ts'
import { formatCount } from '../format.ts'
import type { FaultName } from './forecasts.ts'

/** The longest time that a fault is observed, in milliseconds. */
export const MAX_RUN_MS = 60_000
/** The time after which the figures of a fault that causes nothing else are final, in milliseconds. */
const SHORT_MS = 1000

/** Counts what happens to the objects of a feed after a fault. */
export class FaultRun implements Disposable {
  readonly name: FaultName
  readonly #feed: Feed
  readonly #began = performance.now()
  readonly #keys: ReadonlySet<string>
  readonly #stop: () => void
  /** The fewest objects that the page had meanwhile. */
  #least: number
  #events = 0
  #listed = 0
  #hasBroken = false
  #liveAfter: number | undefined
  #before: ClusterInfo | undefined
  #now: ClusterInfo | undefined

  constructor(name: FaultName, feed: Feed) {
    this.name = name
    this.#feed = feed
    const { indexer } = feed.informer
    this.#keys = new Set(indexer.list().map(({ key }) => key))
    this.#least = this.#keys.size
    const follow = () => {
      const isLive = feed.informer.status.state === 'live'
      this.#hasBroken ||= !isLive
      if (isLive && this.#hasBroken) this.#liveAfter ??= performance.now() - this.#began
    }
    const stops = [
      indexer.subscribe(({ type, changes }) => {
        this.#least = Math.min(this.#least, indexer.size)
        if (type === 'apply') this.#events += changes.length
        else if (type === 'replace') this.#listed += changes.length
      }),
      feed.informer.subscribe(follow),
    ]
    this.#stop = () => {
      for (const stop of stops) stop()
    }
  }

  /** Takes what the cluster says: first right after the fault, then again and again. */
  look(info: ClusterInfo): void {
    this.#before ??= info
    this.#now = info
  }

  /** Whether nothing more comes of it. */
  get isOver(): boolean {
    const ms = performance.now() - this.#began
    if (ms > MAX_RUN_MS) return true
    const { watches, lists } = this.counts
    const isLive = this.#feed.informer.status.state === 'live'
    if (this.name === 'cut') return isLive && watches > 0
    if (this.name === 'expire') return isLive && lists > 0
    if (this.name === 'kind') return ms > SHORT_MS
    return ms > SHORT_MS && this.#now !== undefined && this.#now.isBusy !== true
  }

  /** The lists and watches that the cluster was asked for since the fault, by all pages. */
  get counts(): { readonly lists: number; readonly watches: number } {
    const of = (which: 'lists' | 'watches') => (this.#now?.served?.[which] ?? 0) - (this.#before?.served?.[which] ?? 0)
    return { lists: of('lists'), watches: of('watches') }
  }

  /** Returns what has happened so far. */
  get text(): string {
    const { plural } = this.#feed.selection.resource
    const { lists, watches } = this.counts
    const present = this.#feed.informer.indexer
    const kept = [...this.#keys].filter((key) => present.get(key) !== undefined).length
    const never = this.#least === 0 ? ' The page was empty meanwhile.' : ''
    return [
      this.#liveAfter === undefined ? '' : `live again after ${formatCount(Math.round(this.#liveAfter))} ms`,
      `${formatCount(lists)} ${lists === 1 ? 'list' : 'lists'}${this.#listed > 0 ? ` that changed ${formatCount(this.#listed)} ${plural}` : ''}`,
      `${formatCount(watches)} ${watches === 1 ? 'watch' : 'watches'}`,
      `${formatCount(this.#events)} events`,
      `${formatCount(kept)} of ${formatCount(this.#keys.size)} ${plural} kept${never}`,
    ]
      .filter(Boolean)
      .join(' · ')
  }

  [Symbol.dispose](): void {
    this.#stop()
  }
}
