// The parts of the environment that tests replace.

import type { Clock } from './clock'
import type { Wake } from './wake'

/**
 * The parts of the environment that tests replace, so that time, chance and the page's events are under their control. Applications leave
 * them out.
 *
 * @example
 * ```ts
 * const clock = new VirtualClock()
 * const pods = createInformer(client, Pod, { clock, random: () => 0.5, onWake: () => () => {} })
 * await clock.advance(60_000)
 * ```
 */
export interface Seams {
  /** The clock; default the system clock. */
  clock?: Clock | undefined
  /** Returns numbers in [0, 1); default `Math.random`. */
  random?: (() => number) | undefined
  /**
   * Calls `listener` when the network is back or the page is visible again. Returns a function that unsubscribes. Default: the events of
   * the page.
   */
  onWake?: ((listener: (wake: Wake) => void) => () => void) | undefined
}
