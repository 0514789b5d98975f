/** Where a log begins, under the wire's own names. */
export interface LogStart {
  readonly sinceSeconds?: number | undefined
  readonly sinceTime?: string | undefined
  readonly tailLines?: number | undefined
}

/** A line of a log that was asked for with `timestamps=true`, taken apart. */
export interface TimedLine {
  /** Comparable as text: seconds since the epoch, a dot and nine digits. Undefined when the line has no time. */
  readonly time: string | undefined
  /** The line without its time. */
  readonly text: string
}

const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d) /

/** Takes the time off a line. */
export function timedLine(line: string): TimedLine {
  const [prefix, second = '', fraction = '', zone = ''] = TIME.exec(line) ?? []
  const ms = Date.parse(second + zone)
  if (prefix === undefined || Number.isNaN(ms)) return { time: undefined, text: line }
  return { time: `${String(ms / 1000).padStart(12, '0')}.${fraction.padEnd(9, '0')}`, text: line.slice(prefix.length) }
}

/**
 * How far a log has been read, and where to resume it. Kubelets resume from a whole second (`sinceTime` has no fraction on its way to them), so some
 * lines come again. Several lines can share one time, which is why lines are counted rather than compared.
 */
export class LogPosition {
  readonly #start: LogStart
  // When the first answer began: by the server's clock where it can be read, and by the caller's.
  #serverMs: number | undefined
  #openedMs: number | undefined
  #wasEmpty = false
  #last = ''
  // Lines delivered since the first one of the last time.
  #count = 0
  #dropped = 0
  #isBehind = false
  #isReached = false

  /** @param start Where the caller wants the log to begin. */
  constructor(start: LogStart) {
    this.#start = start
    this.#wasEmpty = start.tailLines === 0
  }

  /** Whether an answer has begun. */
  get isOpened(): boolean {
    return this.#openedMs !== undefined
  }

  /** Whether the resumed log does not hold the line that was read last: it was rotated away, or belongs to an earlier run. */
  get isLost(): boolean {
    return this.#isBehind && !this.#isReached
  }

  /** Notes the beginning of an answer; only the first counts. @param date The header `Date`, which not every page may read. */
  open(date: string | null, nowMs: number): void {
    if (this.isOpened) return
    this.#openedMs = nowMs
    const serverMs = Date.parse(date ?? '')
    if (!Number.isNaN(serverMs)) this.#serverMs = serverMs
  }

  /** Notes that an answer stayed open without a line: nothing was there when the call began. */
  quiet(): void {
    this.#wasEmpty = true
  }

  /** Where to resume: at the second of the last line; before the first line, at the beginning of the call. */
  resume(nowMs: number): LogStart {
    if (!this.#last) return this.#restart(nowMs)
    this.#isBehind = true
    this.#isReached = false
    this.#dropped = 0
    return { sinceTime: rfc3339(Number.parseInt(this.#last, 10) * 1000), sinceSeconds: undefined, tailLines: undefined }
  }

  /**
   * Lines written since the call began must come, though `tailLines` or `sinceSeconds` sent again would leave them out. Without the server's time the
   * elapsed seconds are sent instead: the kubelet counts them back on its own clock.
   */
  #restart(nowMs: number): LogStart {
    const { sinceSeconds, sinceTime, tailLines } = this.#start
    if (this.#openedMs === undefined || (tailLines === undefined && sinceSeconds === undefined)) return this.#start
    const rest = this.#wasEmpty ? { tailLines: undefined } : { tailLines }
    if (!this.#wasEmpty && sinceSeconds === undefined) return this.#start
    if (this.#serverMs === undefined) {
      const elapsed = Math.max(0, Math.ceil((nowMs - this.#openedMs) / 1000)) + 1
      return { ...rest, sinceTime: undefined, sinceSeconds: (sinceSeconds ?? 0) + elapsed }
    }
    const beganMs = this.#serverMs - (sinceSeconds ?? 0) * 1000
    const wantedMs = Date.parse(sinceTime ?? '')
    return { ...rest, sinceTime: rfc3339(Number.isNaN(wantedMs) ? beganMs : Math.max(beganMs, wantedMs)), sinceSeconds: undefined }
  }

  /** Whether a line is newer than the last one while that one is not there. */
  skips({ time }: TimedLine): boolean {
    return this.isLost && time !== undefined && time > this.#last
  }

  /** Takes the next line. @returns false when it was delivered before. */
  advance({ time }: TimedLine): boolean {
    // Kubelets cut long lines into parts with a time each; `sinceTime` can fall between them, and the rest of such a line has no time.
    if (time === undefined) return !this.isLost
    if (this.#isBehind) {
      this.#isReached ||= time === this.#last
      // Output and errors are written side by side, so a line can be a little older than the one before.
      if (time <= this.#last && (!this.#isReached || this.#dropped++ < this.#count)) return false
      this.#isBehind = false
    }
    if (time > this.#last) {
      this.#last = time
      this.#count = 0
    }
    this.#count++
    return true
  }
}

/** A time as kubelets get it: in whole seconds. */
const rfc3339 = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`
