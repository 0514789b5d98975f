// Notes the frames of the page that took too long, where the browser reports them.

import { Ring } from '../inspect/ring'
import { redact } from '../internal/redact'

/** A frame that took more than 50 ms. */
export interface LongFrame {
  /** The time of its beginning, in milliseconds since the epoch. */
  readonly time: number
  readonly durationMs: number
  /** The time in which the page could not react to input. */
  readonly blockingMs: number
  /** The script that ran longest in it, such as `FrameRequestCallback of https://…/page.js`; undefined where the browser does not tell. */
  readonly script: string | undefined
}

/** The number of frames that are kept. */
const MAX_FRAMES = 20

/** An entry of the types `long-animation-frame` and `longtask`; the latter has the duration only. */
interface FrameEntry extends PerformanceEntry {
  readonly blockingDuration?: number
  readonly scripts?: readonly { readonly invoker: string; readonly sourceURL: string; readonly duration: number }[]
}

/** Counts long frames from the first call of {@link observe}. */
export class LongFrames {
  readonly #recent = new Ring<LongFrame>(MAX_FRAMES)
  count = 0
  longestMs = 0

  /** The last frames, the oldest first. */
  recent(): readonly LongFrame[] {
    return this.#recent.items()
  }

  /** Counts until the function it returns is called. No-op where the browser reports neither frames nor tasks. */
  observe(): () => void {
    const types = globalThis.PerformanceObserver?.supportedEntryTypes ?? []
    const type = ['long-animation-frame', 'longtask'].find((each) => types.includes(each))
    if (!type) return () => {}
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) this.#take(entry as FrameEntry)
    })
    observer.observe({ type })
    return () => observer.disconnect()
  }

  #take({ startTime, duration, blockingDuration = duration, scripts = [] }: FrameEntry): void {
    this.count++
    this.longestMs = Math.max(this.longestMs, duration)
    const [longest] = [...scripts].sort((a, b) => b.duration - a.duration)
    this.#recent.push({
      time: performance.timeOrigin + startTime,
      durationMs: duration,
      blockingMs: blockingDuration,
      script: longest && redact([longest.invoker, longest.sourceURL].filter(Boolean).join(' of ')).slice(0, 200),
    })
  }
}
