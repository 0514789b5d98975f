// The steps of several histories as one line of moments.
import type { HistoryStep } from 'kubeflect/live'
import type { Rewindable } from './rewindable.ts'

/** One step of one source: the moment after it. */
export interface Tick {
  readonly source: Rewindable
  /** The position in the history of the source. */
  readonly position: number
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly type: 'apply' | 'replace'
  /** The version of the object that changed, or of the list. */
  readonly resourceVersion: string
  /** The number of changed objects. */
  readonly changes: number
}

/**
 * The moments that every one of some sources can go back to, in the order in which their changes arrived. Moments have numbers that never
 * change: moment n is the state after n ticks. A moment that one history has dropped is dropped for all, so memory has the bounds of the
 * histories.
 */
export class Moments implements Disposable {
  readonly #sources: readonly Rewindable[]
  readonly #onChange: () => void
  readonly #known = new Map<Rewindable, number>()
  /** The positions of the sources at the first moment. */
  readonly #base = new Map<Rewindable, number>()
  readonly #ticks: Tick[] = []
  readonly #stops: (() => void)[] = []
  #begun = Number.NaN
  #first = 0

  /** @param onChange called when ticks have been added, or when the line begins. */
  constructor(sources: readonly Rewindable[], onChange: () => void) {
    this.#sources = sources
    this.#onChange = onChange
    if (sources.length === 0) return
    for (const source of sources)
      if (!source.history)
        this.#stops.push(
          source.onBegin(() => {
            this.#begin()
            onChange()
          }),
        )
    this.#begin()
  }

  /** The kept ticks, the oldest first. */
  get ticks(): readonly Tick[] {
    return this.#ticks
  }

  /** The oldest moment. */
  get first(): number {
    return this.#first
  }

  /** The newest moment. */
  get last(): number {
    return this.#first + this.#ticks.length
  }

  /** The time of the oldest moment; NaN before every source has a state. */
  get begun(): number {
    return this.#begun
  }

  /** Returns the tick that leads to a moment; undefined for the oldest moment, and for one that is dropped. */
  tickOf(moment: number): Tick | undefined {
    return this.#ticks[moment - this.#first - 1]
  }

  /** Returns the last moment at or before a time, clamped to the kept ones. */
  at(time: number): number {
    let low = 0
    let high = this.#ticks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#ticks[middle]?.time ?? 0) <= time) low = middle + 1
      else high = middle
    }
    return this.#first + low
  }

  /** Shows a moment in every source, or the present for undefined. */
  show(moment: number | undefined): void {
    const positions = new Map<Rewindable, number | undefined>(moment === undefined ? [] : this.#base)
    if (moment === undefined) for (const source of this.#sources) positions.set(source, undefined)
    else for (const { source, position } of this.#ticks.slice(0, moment - this.#first)) positions.set(source, position)
    for (const [source, position] of positions) source.moveTo(position)
  }

  [Symbol.dispose](): void {
    for (const stop of this.#stops.splice(0)) stop()
  }

  /** Begins once every source has a state. */
  #begin(): void {
    const histories = this.#sources.flatMap((source) => (source.history ? [{ source, history: source.history }] : []))
    if (histories.length < this.#sources.length) return
    this.#begun = Math.max(
      ...histories.map(({ source, history }) => (history.snapshot.first > 0 ? (history.steps()[0]?.time ?? Date.now()) : source.begun)),
    )
    for (const { source, history } of histories) {
      const steps = history.steps()
      const { first, last } = history.snapshot
      this.#base.set(source, steps.findLast(({ time }) => time < this.#begun)?.position ?? first)
      this.#known.set(source, last)
      this.#ticks.push(...steps.filter(({ time }) => time >= this.#begun).map((step) => tickOf(source, step)))
      this.#stops.push(history.subscribe(() => this.#follow(source)))
    }
    // Stable: the ticks of one source keep their order.
    this.#ticks.sort((a, b) => a.time - b.time)
  }

  #follow(source: Rewindable): void {
    const { history } = source
    if (!history) return
    const known = this.#known.get(source) ?? 0
    const { first, last } = history.snapshot
    for (const step of history.steps().slice(known - last)) if (step.position > known) this.#ticks.push(tickOf(source, step))
    this.#known.set(source, last)
    let dropped = 0
    for (let at = 0; at < this.#ticks.length; at++) {
      const tick = this.#ticks[at]
      if (tick?.source !== source) continue
      if (tick.position > first) break
      dropped = at + 1
    }
    this.#drop(dropped)
    if ((this.#base.get(source) ?? 0) < first) {
      // A step beyond the bounds of its history begins it again, without a tick.
      this.#drop(this.#ticks.length)
      this.#base.set(source, first)
      this.#begun = Date.now()
    }
    this.#onChange()
  }

  #drop(count: number): void {
    for (const { source, position, time } of this.#ticks.splice(0, count)) {
      this.#base.set(source, position)
      this.#begun = time
    }
    this.#first += count
  }
}

function tickOf(source: Rewindable, { position, time, type, resourceVersion, changes }: HistoryStep<unknown>): Tick {
  return { source, position, time, type, resourceVersion, changes: changes.length }
}
