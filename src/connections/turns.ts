// Bounds the number of open watches of an origin: further ones wait for their turn.

import type { StreamClient } from '../http/handshake'
import type { RawRequest, WatchStream } from '../http/requester'
import type { WatchOver } from '../http/watch-over'
import { abortable } from '../internal/abortable'
import type { Clock } from '../internal/clock'

/** The maximum `timeoutSeconds` of a watch that does not wait, such as a reflector's probe of another watch. */
const SHORT_SECONDS = 10
/** The number of turns for which a watch that begins with the initial state may last: a minute, after which the server gives up too. */
const INITIAL_TURNS = 6

/** Options of {@link turns}. */
export interface TurnsOptions {
  /**
   * The maximum number of open watches; default 4. A browser has six connections to an origin over HTTP/1.1, so two remain for other
   * requests.
   */
  streams?: number | undefined
  /** The time after which an open watch ends if another one waits, in milliseconds; default 10,000. */
  turnMs?: number | undefined
}

/** A watch that has one of the places. */
interface Turn {
  /** The time from which it must give its place to another watch. */
  readonly until: number
  readonly end: AbortController
}

/** A {@link WatchOver} that shows whether a watch would have to wait. */
export interface Turns extends WatchOver {
  /** Whether a place is free. */
  readonly hasRoom: boolean
}

/**
 * Bounds the number of open watches, for servers that browsers reach over HTTP/1.1: of the six connections to an origin, watches would
 * otherwise take all, and other requests would wait forever. While a watch waits, the one that began first ends after its turn; its
 * informer goes on from its resourceVersion when it has a place again. Short watches, such as probes, do not wait.
 *
 * Pass one value to all clients of an origin, so that they share the bound. A Worker has a bound of its own.
 *
 * @throws RangeError when an option is not a positive integer.
 * @example
 * ```ts
 * const client = new KubeClient({ watchOver: turns({ streams: 4 }) })
 * ```
 */
export function turns({ streams = 4, turnMs = 10_000 }: TurnsOptions = {}): Turns {
  for (const [name, value] of Object.entries({ streams, turnMs }))
    if (!Number.isInteger(value) || value < 1) throw new RangeError(`turns: ${name} must be a positive integer, got ${value}`)
  const open = new Set<Turn>()
  // In the order of arrival. Each takes a place.
  const waiting = new Set<() => void>()
  let timer: unknown

  // Ends as many watches as others wait for.
  const schedule = (clock: Clock): void => {
    clock.clearTimeout(timer)
    const running = [...open].filter(({ end }) => !end.signal.aborted)
    const [first] = running.sort((a, b) => a.until - b.until)
    if (!first || open.size - running.length >= waiting.size) return
    const end = () => {
      first.end.abort()
      schedule(clock)
    }
    timer = clock.setTimeout(end, Math.max(0, first.until - clock.now()))
  }

  const release = (turn: Turn, clock: Clock): void => {
    if (!open.delete(turn)) return
    const [next] = waiting
    next?.()
    schedule(clock)
  }

  const take = async (clock: Clock, request: RawRequest): Promise<Turn> => {
    const { signal, params } = request
    const durationMs = turnMs * (params?.has('sendInitialEvents') ? INITIAL_TURNS : 1)
    const enter = (): Turn => {
      const turn = { until: clock.now() + durationMs, end: new AbortController() }
      open.add(turn)
      return turn
    }
    if (open.size < streams) return enter()
    let entered: Turn | undefined
    let admit = () => {}
    const admitted = new Promise<Turn>((resolve) => {
      admit = () => {
        waiting.delete(admit)
        entered = enter()
        resolve(entered)
      }
    })
    waiting.add(admit)
    schedule(clock)
    try {
      return await abortable(admitted, signal)
    } catch (error) {
      waiting.delete(admit)
      if (entered) release(entered, clock)
      throw error
    }
  }

  return {
    portable: { way: 'turns', streams, turnMs },
    get hasRoom() {
      return open.size < streams
    },
    async open(client: StreamClient, request: RawRequest): Promise<WatchStream> {
      const timeoutSeconds = request.params?.get('timeoutSeconds')
      if (timeoutSeconds && Number(timeoutSeconds) <= SHORT_SECONDS) return { response: await client.request(request), close() {} }
      const { clock } = client.handshake
      const turn = await take(clock, request)
      const close = () => release(turn, clock)
      try {
        return { response: await client.request(request), end: turn.end.signal, close }
      } catch (error) {
        close()
        throw error
      }
    },
  }
}
