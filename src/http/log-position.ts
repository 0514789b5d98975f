// Tracks the position in a followed log, so that it resumes without losing or repeating lines.

/** The start of a log, named as on the wire. */
export interface LogStart {
  readonly sinceSeconds?: number | undefined
  readonly sinceTime?: string | undefined
  readonly tailLines?: number | undefined
}

/** A line of a log requested with `timestamps=true`, split into time and text. */
export interface TimedLine {
  /** The time in a form that compares as text: seconds since the epoch, a dot and nine digits. Undefined when the line has no time. */
  readonly time: string | undefined
  /** The line without its time. */
  readonly text: string
}

const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d) /

/** Splits a line into time and text. */
export function timedLine(line: string): TimedLine {
  const [prefix, second = '', fraction = '', zone = ''] = TIME.exec(line) ?? []
  const ms = Date.parse(second + zone)
  if (prefix === undefined || Number.isNaN(ms)) return { time: undefined, text: line }
  return { time: `${String(ms / 1000).padStart(12, '0')}.${fraction.padEnd(9, '0')}`, text: line.slice(prefix.length) }
}

/**
 * Tracks how far a log has been read, and where to resume it. Kubelets resume at a whole second (`sinceTime` loses its fraction on the way
 * to them), so some lines arrive again. Lines are counted rather than compared, because several can have the same time.
 */
export class LogPosition {
  readonly #start: LogStart
  // The time when the first response began, by the server's clock if it is readable, and by the caller's.
  #serverMs: number | undefined
  #openedMs: number | undefined
  #wasEmpty = false
  #last = ''
  // The number of lines delivered with the last time.
  #count = 0
  #dropped = 0
  #isBehind = false
  #isReached = false

  /** @param start the start of the log that the caller requested. */
  constructor(start: LogStart) {
    this.#start = start
    this.#wasEmpty = start.tailLines === 0
  }

  /** Whether a response has begun. */
  get isOpened(): boolean {
    return this.#openedMs !== undefined
  }

  /** Whether the resumed log lacks the line that was read last: it was rotated away, or belongs to an earlier run. */
  get isLost(): boolean {
    return this.#isBehind && !this.#isReached
  }

  /** Registers the start of a response; only the first one counts. @param date the header `Date`, which a page may be unable to read. */
  open(date: string | null, nowMs: number): void {
    if (this.isOpened) return
    this.#openedMs = nowMs
    const serverMs = Date.parse(date ?? '')
    if (!Number.isNaN(serverMs)) this.#serverMs = serverMs
  }

  /** Registers that a response stayed open without a line: the log was empty when the call began. */
  quiet(): void {
    this.#wasEmpty = true
  }

  /** Returns where to resume: the second of the last line or, before the first line, the start of the call. */
  resume(nowMs: number): LogStart {
    if (!this.#last) return this.#restart(nowMs)
    this.#isBehind = true
    this.#isReached = false
    this.#dropped = 0
    return { sinceTime: rfc3339(Number.parseInt(this.#last, 10) * 1000), sinceSeconds: undefined, tailLines: undefined }
  }

  /**
   * Returns where to restart so that lines written since the call began are included; sending `tailLines` or `sinceSeconds` again would
   * omit them. Without the server's time it sends the elapsed seconds, which the kubelet subtracts from its own clock.
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

  /** Whether a line is newer than the last one while the last one has not been found. */
  skips({ time }: TimedLine): boolean {
    return this.isLost && time !== undefined && time > this.#last
  }

  /** Advances to the next line. @returns false when it was delivered before. */
  advance({ time }: TimedLine): boolean {
    // Kubelets split long lines into parts, each with a time. `sinceTime` can fall between them, and the remainder of such a line has no
    // time.
    if (time === undefined) return !this.isLost
    if (this.#isBehind) {
      this.#isReached ||= time === this.#last
      // Standard output and standard error are written concurrently, so a line can be slightly older than the one before.
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

/** Formats a time for kubelets, in whole seconds. */
const rfc3339 = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`
