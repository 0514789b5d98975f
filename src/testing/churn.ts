// Changes the pods of a fake server continuously, like a busy cluster.

import type { Clock } from '../internal/clock'
import { type FixturePod, podFixture } from './fixtures'
import { createRandom, type Random } from './random'

/** Options of {@link Churn}. */
export interface ChurnOptions {
  /** The number of changes per second; default 10. */
  changesPerSecond?: number
  /** The seed of the random changes: the same seed gives the same changes; default 1. */
  seed?: number
  /** The namespaces of new pods; default `['default']`. */
  namespaces?: readonly string[]
  /** The percentage of changes that create a pod, and also of those that delete one; all others update one. 0 to 50; default 10. */
  replacedPercent?: number
}

/** The name of a pod. */
export interface PodName {
  readonly namespace: string
  readonly name: string
}

/** The dependencies of {@link Churn}: the clock, and the pods to change. */
export interface ChurnDeps {
  readonly clock: Clock
  /** Returns the current pods. */
  pods(): readonly PodName[]
  /** Returns a pod; undefined when it is gone. */
  get(pod: PodName): FixturePod | undefined
  create(pod: FixturePod): PodName
  update(pod: FixturePod): void
  delete(pod: PodName): void
}

/** The interval between batches of changes, in milliseconds; at a low rate, changes run one by one. */
const TICK_MS = 10
// New pods are numbered from here, which avoids the names that tests use.
const FIRST_INDEX = 1_000_000
/** The allowed change in the number of pods, as a share and as a minimum. */
const BAND_SHARE = 0.1
const SMALLEST_BAND = 3

/**
 * Changes pods like a busy cluster: restarts, readiness, rollouts. The number of pods stays within 10 percent (at least 3 pods) of the
 * number at the first change; if there were none, it stays at 3 or fewer.
 */
export class Churn {
  readonly #deps: ChurnDeps
  readonly #random: Random
  readonly #namespaces: readonly string[]
  readonly #replacedPercent: number
  #changesPerSecond: number
  #changes = 0
  // A separate list, because sorting thousands of pods would cost more than the change itself.
  #pods: PodName[] = []
  /** The number of pods at the first change. */
  #population: number | undefined
  #nextIndex = FIRST_INDEX
  // The fraction of a change that was due at `#since`.
  #due = 0
  #since: number
  #timer: unknown

  /** @throws RangeError when the rate is negative, or `replacedPercent` is not between 0 and 50. */
  constructor(deps: ChurnDeps, { changesPerSecond = 10, seed = 1, namespaces = ['default'], replacedPercent = 10 }: ChurnOptions = {}) {
    if (!(replacedPercent >= 0 && replacedPercent <= 50))
      throw new RangeError(`Churn: replacedPercent must be between 0 and 50, got ${replacedPercent}`)
    this.#deps = deps
    this.#random = createRandom(seed)
    this.#namespaces = namespaces
    this.#replacedPercent = replacedPercent
    this.#since = deps.clock.now()
    this.#changesPerSecond = 0
    this.changesPerSecond = changesPerSecond
  }

  /** The number of changes so far. */
  get changes(): number {
    return this.#changes
  }

  /** The number of changes per second. Can be set at any time; 0 pauses. */
  get changesPerSecond(): number {
    return this.#changesPerSecond
  }
  set changesPerSecond(rate: number) {
    if (!(rate >= 0)) throw new RangeError(`Churn: changesPerSecond must not be negative, got ${rate}`)
    this.#catchUp()
    this.#changesPerSecond = rate
    this.#schedule()
  }

  /** Stops the changes. */
  close(): void {
    this.changesPerSecond = 0
  }

  #schedule(): void {
    const { clock } = this.#deps
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
    const now = this.#deps.clock.now()
    this.#due += ((now - this.#since) * this.#changesPerSecond) / 1000
    this.#since = now
    // Timers are inexact, so a change that is nearly due counts as due.
    for (; this.#due > 1 - 1e-6; this.#due--) this.#change()
    this.#due = Math.max(0, this.#due)
  }

  #change(): void {
    this.#changes++
    const random = this.#random
    if (this.#pods.length === 0) this.#pods = this.#deps.pods().map(({ namespace, name }) => ({ namespace, name }))
    this.#population ??= this.#pods.length
    const kind = random.below(100)
    const at = random.below(this.#pods.length)
    const name = this.#pods[at]
    const pod = name && this.#deps.get(name)
    // The pod was deleted elsewhere, or there is none: create one instead.
    if (name && !pod) this.#forget(at)
    if (!name || !pod) this.#create()
    else if (kind >= 2 * this.#replacedPercent) this.#deps.update(this.#changed(pod))
    else if (this.#grows(kind)) this.#create()
    else {
      this.#forget(at)
      this.#deps.delete(name)
    }
  }

  /** Whether to create a pod instead of deleting one: random within the band, and back towards the initial number at its edges. */
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
    const { name } = this.#deps.create(podFixture(this.#nextIndex++, { namespace }))
    this.#pods.push({ namespace, name })
  }

  #changed(pod: FixturePod): FixturePod {
    const { containerStatuses = [] } = pod.status ?? {}
    const status = containerStatuses[this.#random.below(containerStatuses.length)]
    const annotations = { ...pod.metadata.annotations, 'example.com/revision': String(this.#changes) }
    if (!status) return { ...pod, metadata: { ...pod.metadata, annotations } }
    // A container dies, and restarts with the next change.
    const changed = status.ready ? { ...status, ready: false } : { ...status, ready: true, restartCount: status.restartCount + 1 }
    return {
      ...pod,
      metadata: { ...pod.metadata, annotations },
      status: { ...pod.status, containerStatuses: containerStatuses.map((other) => (other === status ? changed : other)) },
    }
  }
}
