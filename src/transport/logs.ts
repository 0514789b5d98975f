import { isApiError, isConnectionError, ParseError } from '../errors'
import { type Clock, systemClock } from '../internal/clock'
import { delay } from '../internal/delay'
import type { Resource } from '../meta/resource'
import type { RequestOptions } from '../meta/wire'
import { readChunks } from './body'
import { searchParams } from './params'
import type { Requester } from './requester'
import { objectPath } from './subresources'

/** Whose log is read, and how much of it. */
export interface LogOptions extends RequestOptions {
  /** The pod. */
  name: string
  namespace: string
  /** Needed where the pod has several. */
  container?: string | undefined
  /** Go on with what is written from now on, until the container ends. */
  follow?: boolean | undefined
  /** Of the container's run before this one. */
  previous?: boolean | undefined
  /** Begin so many seconds ago; not together with `sinceTime`. */
  sinceSeconds?: number | undefined
  /** Begin at this time: RFC 3339, whole seconds. */
  sinceTime?: string | undefined
  /** Begin so many lines before the end. */
  tailLines?: number | undefined
  /** Put the time before each line: RFC 3339 and a space. */
  timestamps?: boolean | undefined
  /** End after so many bytes, if need be within a line. A log that is followed is then not resumed when it is cut. */
  limitBytes?: number | undefined
  /** Where the time comes from; default the runtime's clock. */
  clock?: Clock | undefined
}

/** The longest line taken, in UTF-16 code units. */
const MAX_LINE_LENGTH = 16 * 1024 * 1024
/** A log that ends so soon after it began, or after it brought something, and has nothing new is over; one that was silent for longer was cut. */
const SHORT_MS = 1_000
const LONGEST_WAIT_MS = 30_000
/** After so many cuts in a row that came soon, an error is thrown. */
const MAX_CUTS = 8

// Written out, as the generated ones are: what checks definitions is for those of users, and need not be loaded for this.
const PODS: Resource = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', scope: 'Namespaced' }

/** Reads a log; see `KubeClient.logs`. */
export async function* readLogs(client: Requester, options: LogOptions): AsyncGenerator<string, void, undefined> {
  try {
    // The bound counts the bytes of all that is sent: what is asked for in addition would change its meaning.
    if (options.follow && options.limitBytes === undefined) yield* followLines(client, options)
    else yield* (await openLog(client, options)).lines
  } catch (error) {
    if (!options.signal?.aborted) throw error
  }
}

/**
 * Reads on where the log was cut, whoever cut it. The end of an answer does not tell: the API server ends it in the same way when the container has
 * ended and when it lost the kubelet. So it is asked once more, and over when that brings nothing.
 */
async function* followLines(client: Requester, { clock = systemClock, ...options }: LogOptions): AsyncGenerator<string, void, undefined> {
  const { signal = new AbortController().signal } = options
  const position = new LogPosition()
  for (let cuts = 0; ; ) {
    const startedMs = clock.now()
    let heardMs = startedMs
    let isOpen = false
    let hasNew = false
    let failure: unknown
    const onBytes = (count: number) => {
      heardMs = clock.now()
      options.onBytes?.(count)
    }
    try {
      const log = await openLog(client, { ...options, ...position.resume(), timestamps: true, onBytes })
      isOpen = true
      heardMs = clock.now()
      for await (const line of log.lines) {
        const time = TIME.exec(line)
        if (!position.advance(time)) continue
        hasNew = true
        yield options.timestamps ? line : line.slice(time?.[0].length)
      }
    } catch (error) {
      signal.throwIfAborted()
      if (cuts === 0 && !isOpen) throw error
      // The pod has gone, or the next run of its container has not begun.
      if (isApiError(error) && (error.status === 404 || error.status === 400)) return
      failure = error
    }
    const nowMs = clock.now()
    if (failure === undefined && !hasNew && nowMs - heardMs < SHORT_MS) return
    cuts = hasNew && nowMs - startedMs >= SHORT_MS ? 1 : cuts + 1
    if (failure !== undefined && (cuts > MAX_CUTS || !mayPass(failure))) throw failure
    if (cuts > 1) await delay(Math.min(SHORT_MS * 2 ** (cuts - 2), LONGEST_WAIT_MS), { clock, signal })
    signal.throwIfAborted()
  }
}

/** Whether a failure may be gone when the server is asked again. */
const mayPass = (error: unknown): boolean =>
  isConnectionError(error) || (isApiError(error) && (error.status === 429 || error.status >= 500))

const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d) /

/** How far a log has been read. The server goes on from a whole second, so some lines come again; several lines can have the same time. */
class LogPosition {
  #last = ''
  // How many lines were given since the first one of the last time.
  #count = 0
  #dropped = 0
  #isBehind = false
  #isReached = false

  /** The options with which to go on. */
  resume(): Pick<LogOptions, 'sinceTime' | 'sinceSeconds' | 'tailLines'> {
    if (!this.#last) return {}
    this.#isBehind = true
    this.#isReached = false
    this.#dropped = 0
    const second = new Date(Number.parseInt(this.#last, 10) * 1000)
    return { sinceTime: second.toISOString().replace('.000', ''), sinceSeconds: undefined, tailLines: undefined }
  }

  /** Takes the time of the next line; false: it was given before. */
  advance(time: RegExpExecArray | null): boolean {
    if (!time) return true
    const [, second = '', fraction = '', zone = ''] = time
    // Comparable as text.
    const now = `${Date.parse(second + zone) / 1000}.${fraction.padEnd(9, '0')}`
    if (this.#isBehind) {
      this.#isReached ||= now === this.#last
      // Output and errors are written side by side, so a line can be a little older than the one before.
      if (now <= this.#last && (!this.#isReached || this.#dropped++ < this.#count)) return false
      this.#isBehind = false
    }
    if (now > this.#last) {
      this.#last = now
      this.#count = 0
    }
    this.#count++
    return true
  }
}

async function openLog(
  client: Requester,
  { name, namespace, clock: _, signal, onBytes, ...params }: LogOptions,
): Promise<{ readonly lines: AsyncGenerator<string, void, undefined> }> {
  const path = objectPath(PODS, { namespace, name, subresource: 'log' })
  const response = await client.request({ path, params: searchParams(params), headers: { accept: 'application/json, */*' }, signal })
  return { lines: splitLines(readChunks(response, { method: 'GET', url: `${client.baseUrl}/${path}` }, { signal, onBytes }), path) }
}

/** As `LineSplitter`, but a log's blank lines and carriage returns are part of it, and nothing is read before it is asked for. */
async function* splitLines(chunks: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of chunks) {
    const lines = decoder.decode(chunk, { stream: true }).split('\n')
    lines[0] = rest + lines[0]
    rest = lines.pop() ?? ''
    if (rest.length > MAX_LINE_LENGTH) throw new ParseError(`${path}: a line is longer than ${MAX_LINE_LENGTH} characters`, rest)
    yield* lines
  }
  rest += decoder.decode()
  if (rest !== '') yield rest
}
