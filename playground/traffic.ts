import type { ReflectorEvent } from 'kubeflect'

/** Over how many milliseconds a rate is an average. */
const WINDOW_MS = 5000

/** Counts what a feed costs. */
export class Traffic {
  /** Requests sent, whatever became of them. */
  requests = 0
  /** Complete states asked for: lists, and streamed lists. */
  lists = 0
  /** Bytes of bodies, as they were before compression. */
  bytes = 0
  /** When the next attempt is due, in milliseconds since 1970; 0 while none is. */
  retryAt = 0
  #recent: { readonly at: number; readonly events: number }[] = []

  /** Takes note of what happens in a feed. */
  readonly note = (event: ReflectorEvent): void => {
    if (event.type === 'bytes') this.bytes += event.count
    else if (event.type === 'applied') this.#recent.push({ at: Date.now(), events: event.events })
    else if (event.type === 'backoff') this.retryAt = Date.now() + event.ms
    else if (event.type === 'attempt') {
      this.retryAt = 0
      if (event.attempt !== 'watch') this.lists++
    }
  }

  /** Events per second, of late. */
  eventsPerSecond(now: number): number {
    const first = this.#recent.findIndex(({ at }) => at > now - WINDOW_MS)
    this.#recent.splice(0, first < 0 ? this.#recent.length : first)
    return (this.#recent.reduce((sum, { events }) => sum + events, 0) * 1000) / WINDOW_MS
  }
}
