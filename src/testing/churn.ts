import type { Clock } from '../internal/clock'
import { type FixturePod, podFixture } from './fixtures'
import { createRandom, type Random } from './random'

/** What {@link Churn} can be told. */
export interface ChurnOptions {
  /** Default 10. */
  changesPerSecond?: number
  /** The same seed gives the same changes; default 1. */
  seed?: number
  /** Where new pods are made; default `['default']`. */
  namespaces?: readonly string[]
  /** Of 100 changes, so many create and so many delete a pod; the others change one. 0 to 50; default 10. */
  replacedPercent?: number
}

/** Names a pod. */
export interface PodName {
  readonly namespace: string
  readonly name: string
}

/** What churn works on. */
export interface ChurnHost {
  readonly clock: Clock
  /** The pods there are. */
  pods(): readonly PodName[]
  /** Undefined when it is gone. */
  get(pod: PodName): FixturePod | undefined
  create(pod: FixturePod): PodName
  update(pod: FixturePod): void
  delete(pod: PodName): void
}

/** Changes are made in ticks of so many milliseconds, or one by one when there are fewer. */
const TICK_MS = 10
// New pods are numbered from here: they do not meet the ones a test made itself.
const FIRST_INDEX = 1_000_000
/** How far the number of pods may go from where it began, and how far at least. */
const BAND_SHARE = 0.1
const SMALLEST_BAND = 3

/**
 * Keeps pods changing as a busy cluster does: restarts, readiness, rollouts. However long it runs, their number stays within 10 percent
 * (at least 3 pods) of what it was at the first change; where there were none, there are at most 3.
 */
export class Churn {
  readonly #host: ChurnHost
  readonly #random: Random
  readonly #namespaces: readonly string[]
  readonly #replacedPercent: number
  #changesPerSecond: number
  #changes = 0
  // Its own list: sorting thousands of pods for each change would cost more than the change.
  #pods: PodName[] = []
  /** How many pods there were at the first change. */
  #population: number | undefined
  #nextIndex = FIRST_INDEX
  // What of a change was due at `#since`.
  #due = 0
  #since: number
  #timer: unknown

  /** @throws RangeError when the rate is negative, or replacedPercent not between 0 and 50. */
  constructor(host: ChurnHost, { changesPerSecond = 10, seed = 1, namespaces = ['default'], replacedPercent = 10 }: ChurnOptions = {}) {
    if (!(replacedPercent >= 0 && replacedPercent <= 50))
      throw new RangeError(`Churn: replacedPercent must be between 0 and 50, not ${replacedPercent}`)
    this.#host = host
    this.#random = createRandom(seed)
    this.#namespaces = namespaces
    this.#replacedPercent = replacedPercent
    this.#since = host.clock.now()
    this.#changesPerSecond = 0
    this.changesPerSecond = changesPerSecond
  }

  /** How many changes were made. */
  get changes(): number {
    return this.#changes
  }

  /** The rate; may be set at any time, 0 is a pause. */
  get changesPerSecond(): number {
    return this.#changesPerSecond
  }
  set changesPerSecond(rate: number) {
    if (!(rate >= 0)) throw new RangeError(`Churn: changesPerSecond must not be negative, as ${rate} is`)
    this.#catchUp()
    this.#changesPerSecond = rate
    this.#schedule()
  }

  /** Ends it. */
  close(): void {
    this.changesPerSecond = 0
  }

  #schedule(): void {
    const { clock } = this.#host
    if (this.#timer !== undefined) clock.clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#changesPerSecond === 0) return
    const untilNext = ((1 - this.#due) * 1000) / this.#changesPerSecond
    this.#timer = clock.setTimeout(
      () => {
        this.#catchUp()
        this.#schedule()
      },
      Math.max(TICK_MS, untilNext),
    )
  }

  #catchUp(): void {
    const now = this.#host.clock.now()
    this.#due += ((now - this.#since) * this.#changesPerSecond) / 1000
    this.#since = now
    // A timer's time is not exact; what is missing by a hair counts as due.
    for (; this.#due > 1 - 1e-6; this.#due--) this.#change()
    this.#due = Math.max(0, this.#due)
  }

  #change(): void {
    this.#changes++
    const random = this.#random
    if (this.#pods.length === 0) this.#pods = this.#host.pods().map(({ namespace, name }) => ({ namespace, name }))
    this.#population ??= this.#pods.length
    const kind = random.below(100)
    const at = random.below(this.#pods.length)
    const name = this.#pods[at]
    const pod = name && this.#host.get(name)
    // Somebody else has deleted it, or there is none: one takes its place.
    if (name && !pod) this.#forget(at)
    if (!name || !pod) this.#create()
    else if (kind >= 2 * this.#replacedPercent) this.#host.update(this.#changed(pod))
    else if (this.#grows(kind)) this.#create()
    else {
      this.#forget(at)
      this.#host.delete(name)
    }
  }

  /** Whether a pod is created rather than deleted: chance decides, at the edges of the band what leads back does. */
  #grows(kind: number): boolean {
    const population = this.#population ?? 0
    const band = Math.max(SMALLEST_BAND, Math.floor(population * BAND_SHARE))
    if (this.#pods.length >= population + band) return false
    if (this.#pods.length <= Math.max(1, population - band)) return true
    return kind < this.#replacedPercent
  }

  #forget(at: number): void {
    const last = this.#pods.pop()
    if (last && at < this.#pods.length) this.#pods[at] = last
  }

  #create(): void {
    const namespace = this.#namespaces[this.#random.below(this.#namespaces.length)] ?? 'default'
    const { name } = this.#host.create(podFixture(this.#nextIndex++, { namespace }))
    this.#pods.push({ namespace, name })
  }

  #changed(pod: FixturePod): FixturePod {
    const { containerStatuses = [] } = pod.status ?? {}
    const status = containerStatuses[this.#random.below(containerStatuses.length)]
    const annotations = { ...pod.metadata.annotations, 'example.com/revision': String(this.#changes) }
    if (!status) return { ...pod, metadata: { ...pod.metadata, annotations } }
    // A container dies, and comes back with the next change.
    const changed = status.ready ? { ...status, ready: false } : { ...status, ready: true, restartCount: status.restartCount + 1 }
    return {
      ...pod,
      metadata: { ...pod.metadata, annotations },
      status: { ...pod.status, containerStatuses: containerStatuses.map((other) => (other === status ? changed : other)) },
    }
  }
}
