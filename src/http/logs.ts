// Reads logs of containers, and follows them across cuts and restarts.

import { isApiError, isConnectionError, ParseError } from '../api/errors'
import type { RequestOptions } from '../api/options'
import { type Clock, systemClock } from '../internal/clock'
import { delay } from '../internal/delay'
import type { Seams } from '../internal/seams'
import { readChunks } from './body'
import { MAX_RETRY_AFTER_MS } from './failure'
import { requestJson } from './json'
import { LogPosition, type TimedLine, timedLine } from './log-position'
import { searchParams } from './params'
import { type Requester, withOwnPolicy } from './requester'
import { objectPath, PODS } from './subresources'

/** Options of `KubeClient.logs`. */
export interface LogOptions extends RequestOptions, Pick<Seams, 'clock'> {
  /** The name of the pod. */
  name: string
  namespace: string
  /** The container; required when the pod has several. */
  container?: string | undefined
  /**
   * Continues with new lines, and resumes after a cut. `'run'` ends with the current run of the container; `'restarts'` continues with the
   * next runs until the pod has finished or is gone. Default `false`: ends with the lines that exist.
   */
  follow?: 'run' | 'restarts' | false | undefined
  /** Reads the run before the current one. Cannot be combined with `follow: 'restarts'`. */
  previous?: boolean | undefined
  /** The start of the log, in seconds before now. Cannot be combined with `sinceTime`. */
  sinceSeconds?: number | undefined
  /** The start of the log: RFC 3339, in whole seconds. */
  sinceTime?: string | undefined
  /** The number of lines to read from the end. */
  tailLines?: number | undefined
  /** Prefixes each line with its time in RFC 3339 and a space. */
  timestamps?: boolean | undefined
  /** The maximum number of bytes; the last line may be cut. Such a log is requested once, and does not resume after a cut. */
  limitBytes?: number | undefined
}

/** The maximum length of a line, in UTF-16 code units: 16 Mi. */
const MAX_LINE_LENGTH = 16 * 1024 * 1024
/**
 * The duration, in milliseconds, below which an attempt without a new line means that the log is over. After a longer silence it was cut.
 */
const SHORT_MS = 1_000
/** The duration, in milliseconds, from which an open attempt proves a healthy server. A line proves it too. */
const STOOD_MS = 10_000
/** The number of consecutive failures, without proof of a healthy server in between, that end the log. */
const MAX_FAILURES = 8
/** The maximum delay between two attempts, in milliseconds, unless the server requests more. */
const LONGEST_WAIT_MS = 30_000
/** The maximum delay before a container's next run, in milliseconds. */
const NEXT_RUN_WAIT_MS = 5_000

/**
 * Reads a log; see `KubeClient.logs`.
 *
 * @throws TypeError for contradictory options; the errors of `KubeClient.logs`.
 */
export async function* readLogs(client: Requester, options: LogOptions): AsyncGenerator<string, void, undefined> {
  checkOptions(options)
  try {
    // The limit counts all bytes of the response, so additional requests would change its meaning.
    if (options.follow && options.limitBytes === undefined) yield* new Follower(client, options).lines()
    else yield* (await openLog(client, options)).lines
  } catch (error) {
    if (!options.signal?.aborted) throw error
  }
}

function checkOptions({ follow, previous }: LogOptions): void {
  // For callers without types: `true` is ambiguous.
  if (follow && follow !== 'run' && follow !== 'restarts')
    throw new TypeError(`logs: follow must be 'run' (ends with the container's run) or 'restarts', not ${JSON.stringify(follow)}`)
  if (follow === 'restarts' && previous) throw new TypeError("logs: the previous run has no restarts to follow; use follow: 'run'")
}

/** The outcome of one response to a followed log. */
interface Attempt {
  /** The duration for which the response was open, in milliseconds; undefined when it never was. */
  readonly openMs: number | undefined
  /** The time since its last byte, in milliseconds. */
  readonly silentMs: number
  readonly hasNew: boolean
  /** The reason for its end; undefined when the server ended it normally. */
  readonly failure?: unknown
}

/**
 * Follows a log across cuts and restarts. The end of a response does not reveal its reason: the API server ends it in the same way when the
 * container has ended and when it lost the kubelet. So the log is requested once more, and the run is over when that delivers nothing.
 */
class Follower {
  readonly #client: Requester
  readonly #options: LogOptions
  readonly #clock: Clock
  readonly #signal: AbortSignal
  readonly #position: LogPosition
  // The number of consecutive attempts that failed without proof of a healthy server, and of those that ended early.
  #failures = 0
  #hasty = 0
  #isRunOver = false

  constructor(client: Requester, { clock = systemClock, ...options }: LogOptions) {
    this.#client = withOwnPolicy(client)
    this.#options = options
    this.#clock = clock
    this.#signal = options.signal ?? new AbortController().signal
    this.#position = new LogPosition(options)
  }

  async *lines(): AsyncGenerator<string, void, undefined> {
    const isForRun = this.#options.follow === 'run'
    for (let isFinished = false; ; ) {
      const attempt = yield* this.#attempt()
      if (isForRun && this.#isRunOver) return
      const { failure } = attempt
      if (failure !== undefined && !this.#position.isOpened) throw failure
      if (isApiError(failure) && failure.status === 404) return
      const isOver = isApiError(failure) ? failure.status === 400 : failure === undefined && !attempt.hasNew && attempt.silentMs < SHORT_MS
      if (isOver && (isForRun || isFinished)) return
      if (isOver) isFinished = await this.#isPodFinished()
      else this.#count(attempt)
      await this.#wait(attempt, isOver)
    }
  }

  /** Delivers the lines of one response. */
  async *#attempt(): AsyncGenerator<string, Attempt, undefined> {
    let openedMs: number | undefined
    let heardMs = this.#clock.now()
    let hasNew = false
    const outcome = (failure?: unknown): Attempt => {
      const nowMs = this.#clock.now()
      const openMs = openedMs === undefined ? undefined : nowMs - openedMs
      if (!hasNew && openMs !== undefined && openMs >= SHORT_MS) this.#position.quiet()
      return { openMs, silentMs: nowMs - heardMs, hasNew, ...(failure !== undefined && { failure }) }
    }
    const onBytes = (count: number) => {
      heardMs = this.#clock.now()
      this.#options.onBytes?.(count)
    }
    try {
      const log = await this.#open({ onBytes })
      openedMs = heardMs = this.#clock.now()
      this.#position.open(log.date, openedMs)
      for await (const line of log.lines) {
        const timed = timedLine(line)
        if (this.#position.skips(timed)) {
          yield* this.#finishRun(timed)
          if (this.#isRunOver && this.#options.follow === 'run') break
        }
        if (!this.#position.advance(timed)) continue
        hasNew = true
        yield this.#options.timestamps ? line : timed.text
      }
      if (this.#position.isLost && !this.#isRunOver) yield* this.#finishRun()
      return outcome()
    } catch (error) {
      this.#signal.throwIfAborted()
      return outcome(error)
    }
  }

  /**
   * Delivers the rest of a run when the resumed log lacks the line that was read last: the kubelet has rotated the file, or the container
   * was restarted. The previous run then has that line, and the lines after it.
   *
   * @param next the first new line of the resumed log. A server that ignores `previous` sends it again.
   */
  async *#finishRun(next?: TimedLine): AsyncGenerator<string, void, undefined> {
    this.#isRunOver = false
    if (this.#options.previous) return
    try {
      const log = await this.#open({ follow: undefined, previous: true })
      for await (const line of log.lines) {
        const timed = timedLine(line)
        // A newer line without the last one belongs to yet another run.
        if (this.#position.skips(timed)) {
          if (timed.time === next?.time && timed.text === next?.text) return
          this.#isRunOver = true
          if (this.#options.follow === 'run') return
        }
        if (this.#position.advance(timed)) yield this.#options.timestamps ? line : timed.text
      }
      this.#isRunOver ||= !this.#position.isLost
    } catch (error) {
      this.#signal.throwIfAborted()
      // There is no previous run.
      if (!isApiError(error) || (error.status !== 400 && error.status !== 404)) throw error
    }
  }

  #open(options: Partial<LogOptions>): Promise<OpenLog> {
    const start = this.#position.resume(this.#clock.now())
    return openLog(this.#client, { ...this.#options, ...start, timestamps: true, ...options })
  }

  /** Whether the pod has ended, so that no further run follows. A caller without permission to read pods waits until the pod is gone. */
  async #isPodFinished(): Promise<boolean> {
    const path = objectPath(PODS, this.#options)
    try {
      const { status } = await requestJson<{ status?: { phase?: unknown } | null }>(this.#client, { path, signal: this.#signal })
      return status?.phase === 'Succeeded' || status?.phase === 'Failed'
    } catch {
      this.#signal.throwIfAborted()
      return false
    }
  }

  /** @throws the attempt's failure when it is final. */
  #count({ openMs, hasNew, failure }: Attempt): void {
    const hasStood = openMs !== undefined && (hasNew || openMs >= STOOD_MS)
    if (hasStood) this.#failures = 0
    else if (failure !== undefined) this.#failures++
    if (failure !== undefined && (this.#failures >= MAX_FAILURES || !mayPass(failure))) throw failure
    this.#hasty = hasStood && openMs >= SHORT_MS ? 0 : this.#hasty + 1
  }

  /** Waits before the next attempt: not after a healthy one, once after one that ended early, then increasingly longer. */
  async #wait({ failure }: Attempt, isOver: boolean): Promise<void> {
    if (isOver) this.#hasty++
    const backoffMs = this.#hasty > 1 ? SHORT_MS * 2 ** Math.min(this.#hasty - 2, 20) : 0
    const askedMs = isApiError(failure) ? Math.min(failure.retryAfterMs ?? 0, MAX_RETRY_AFTER_MS) : 0
    const waitMs = Math.max(Math.min(backoffMs, isOver ? NEXT_RUN_WAIT_MS : LONGEST_WAIT_MS), askedMs)
    if (waitMs > 0) await delay(waitMs, { clock: this.#clock, signal: this.#signal })
    this.#signal.throwIfAborted()
  }
}

/** Whether a failure may be temporary. */
const mayPass = (error: unknown): boolean =>
  isConnectionError(error) || (isApiError(error) && (error.status === 429 || error.status >= 500))

/** A response whose headers have arrived. */
interface OpenLog {
  /** The header `Date`; null in a page to which the server does not expose it. */
  readonly date: string | null
  readonly lines: AsyncGenerator<string, void, undefined>
}

async function openLog(client: Requester, { name, namespace, clock: _, signal, onBytes, follow, ...rest }: LogOptions): Promise<OpenLog> {
  const path = objectPath(PODS, { namespace, name, subresource: 'log' })
  const params = searchParams({ ...rest, ...(follow && { follow: true }) })
  const response = await client.request({ path, params, headers: { accept: 'application/json, */*' }, signal })
  const chunks = readChunks(response, { method: 'GET', url: `${client.baseUrl}/${path}` }, { signal, onBytes })
  return { date: response.headers.get('date'), lines: splitLines(chunks, path) }
}

/**
 * Splits lines as `LineSplitter` does, but keeps blank lines, carriage returns and byte order marks, which are part of a log, and reads
 * only on demand.
 */
async function* splitLines(chunks: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  const checked = (line: string): string => {
    if (line.length > MAX_LINE_LENGTH) throw new ParseError(`${path}: a line is longer than ${MAX_LINE_LENGTH} characters`, line)
    return line
  }
  let rest = ''
  for await (const chunk of chunks) {
    const lines = decoder.decode(chunk, { stream: true }).split('\n')
    lines[0] = rest + lines[0]
    rest = lines.pop() ?? ''
    for (const line of lines) yield checked(line)
    checked(rest)
  }
  rest += decoder.decode()
  if (rest !== '') yield rest
}
