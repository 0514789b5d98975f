// The main thread's side of the connection to a Worker.

import { KubeError } from '../../api/errors'
import type { RequestOptions } from '../../api/options'
import type { PortableClient } from '../../http/portable'
import type { Clock } from '../../internal/clock'
import { listen } from '../../internal/listen'
import { guarded } from '../../internal/report'
import { nextTurn } from '../../internal/turn'
import { errorFromData, errorToData } from '../error-data'
import type { Call, News, Order, ThreadPort } from '../protocol'

/** The interval of pings to a silent Worker while calls are open, in milliseconds. */
const PING_MS = 1_000
/**
 * The number of intervals a ping may be unanswered before the Worker counts as dead: before and after its first message. Counting
 * intervals rather than time tolerates a frozen page and long tasks of the page. A long task of the Worker may take as long as this limit.
 */
const UNANSWERED = { first: 9, later: 6 } as const

/** Options of {@link Thread.call}. */
export interface CallOptions extends RequestOptions {
  /** The first parts of a large argument, piece by piece. */
  parts?: Iterable<readonly string[]> | undefined
}

/**
 * The main thread's end of the connection to a Worker, for any number of concurrent calls. A Worker that dies, hangs or never starts sends
 * no event, so it is pinged while calls are open, and given up within 10 seconds.
 */
export class Thread {
  readonly #port: ThreadPort
  readonly #client: PortableClient
  readonly #clock: Clock
  readonly #inboxes = new Map<number, Inbox>()
  readonly #numbers = new WeakMap<object, number>()
  readonly #onEnd: () => void
  readonly #warn: ((news: News & { type: 'warning' }) => void) | undefined
  #calls = 0
  #numbered = 0
  #failure: KubeError | undefined
  #isAlive = false
  #timer: unknown
  /** The number of intervals since the last ping was sent; undefined while no ping is pending. */
  #unanswered: number | undefined
  /** Whether a message has arrived since the last interval began. */
  #wasHeard = false

  /**
   * @param client the client that the Worker makes requests for.
   * @param onEnd called once, when the Worker is given up or closed.
   */
  constructor(port: ThreadPort, client: PortableClient, clock: Clock, onEnd: () => void = () => {}) {
    this.#port = port
    this.#onEnd = onEnd
    this.#client = client
    this.#clock = clock
    const { headers, onWarning } = client
    this.#warn = guarded(onWarning && (({ warning, request }) => onWarning(warning, request)))
    port.onmessage = ({ data }) => this.#take(data as News)
    port.onmessageerror = () => this.fail(new KubeError('a Worker sent a message that cannot be deserialized'))
    this.#post({ type: 'open', client: { baseUrl: absolute(client.baseUrl), headers } })
  }

  /** The reason why the Worker has stopped working; undefined while it works. */
  get failure(): KubeError | undefined {
    return this.#failure
  }

  /** Whether the Worker has ever sent a message. */
  get isAlive(): boolean {
    return this.#isAlive
  }

  /** Returns the number that identifies an object of the main thread, such as a persister, in messages. */
  numberOf(thing: object): number {
    const number = this.#numbers.get(thing) ?? ++this.#numbered
    this.#numbers.set(thing, number)
    return number
  }

  /**
   * Calls the Worker. Yields the result piece by piece, applying backpressure; returns the final cells.
   *
   * @throws what the Worker threw; {@link failure} when the Worker is gone; the signal's reason, after which the Worker ends the call.
   */
  async *call(
    call: Call,
    { signal, onBytes, parts = [] }: CallOptions = {},
  ): AsyncGenerator<readonly string[], readonly string[], undefined> {
    signal?.throwIfAborted()
    if (this.#failure) throw this.#failure
    const id = ++this.#calls
    const inbox = new Inbox(onBytes)
    this.#inboxes.set(id, inbox)
    this.#watch()
    const cancel = () => {
      if (this.#close(id)) this.#post({ type: 'cancel', id })
    }
    const unlisten = listen(signal, 'abort', () => {
      cancel()
      inbox.fail(signal?.reason)
    })
    try {
      for (const cells of parts) {
        this.#post({ type: 'part', id, cells })
        await nextTurn()
        signal?.throwIfAborted()
      }
      this.#post({ type: 'call', id, call })
      for (;;) {
        const news = await inbox.next()
        if (news.type === 'piece') {
          if (news.cells) yield news.cells
          this.#post({ type: 'more', id })
          continue
        }
        this.#close(id)
        if (news.type === 'done') return news.cells
        throw errorFromData(news.error)
      }
    } finally {
      unlisten()
      cancel()
    }
  }

  /**
   * Resolves when the Worker has sent any message.
   *
   * @throws KubeError, the {@link failure}, when the Worker sends none in time.
   */
  async ping(): Promise<void> {
    await this.call({ kind: 'ping' }).next()
  }

  /** Gives the Worker up: every call fails. */
  fail(failure: KubeError): void {
    if (this.#failure) return
    this.#failure = failure
    for (const inbox of this.#inboxes.values()) inbox.fail(failure)
    this.#inboxes.clear()
    this.#rest()
    this.#port.postMessage({ type: 'close' } satisfies Order)
    this.#port.close()
    this.#onEnd()
  }

  /** Closes the connection to a Worker that is no longer needed. */
  close(): void {
    this.fail(new KubeError('the Worker was released'))
  }

  #take(news: News): void {
    this.#isAlive = true
    this.#wasHeard = true
    this.#unanswered = undefined
    if (news.type === 'pong') return
    if (news.type === 'token') void this.#giveToken(news.id, news.refused)
    else if (news.type === 'warning') this.#warn?.(news)
    else this.#inboxes.get(news.id)?.put(news)
  }

  /** Ends a call. Returns whether it was open. */
  #close(id: number): boolean {
    const wasOpen = this.#inboxes.delete(id)
    if (this.#inboxes.size === 0) this.#rest()
    return wasOpen
  }

  #watch(): void {
    this.#timer ??= this.#clock.setTimeout(() => this.#look(), PING_MS)
  }

  #rest(): void {
    this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
    this.#unanswered = undefined
  }

  #look(): void {
    this.#timer = undefined
    if (this.#unanswered !== undefined) this.#unanswered++
    else if (!this.#wasHeard) {
      this.#unanswered = 0
      this.#post({ type: 'ping' })
    }
    this.#wasHeard = false
    const limit = this.#isAlive ? UNANSWERED.later : UNANSWERED.first
    if (this.#unanswered === undefined || this.#unanswered < limit) {
      this.#watch()
      return
    }
    const advice = this.#isAlive ? '' : ': does it import kubeflect/worker?'
    // Adds the interval that passed before the ping.
    const seconds = ((limit + 1) * PING_MS) / 1000
    this.fail(new KubeError(`a Worker did not respond for ${seconds} s${advice}`))
  }

  async #giveToken(id: number, refused: string | undefined): Promise<void> {
    const { credentials } = this.#client
    try {
      // When the credentials have no other token, the Worker recognizes the refused one.
      const token = refused === undefined ? await credentials.token() : ((await credentials.replace(refused)) ?? refused)
      this.#post({ type: 'token', id, token })
    } catch (error) {
      this.#post({ type: 'no-token', id, error: errorToData(error) })
    }
  }

  #post(order: Order): void {
    if (!this.#failure) this.#port.postMessage(order)
  }
}

type Answer = Extract<News, { type: 'piece' | 'done' | 'failed' }>

/** The pending messages of one call: at most one piece and the end, because the Worker waits for `more`. */
class Inbox {
  readonly #onBytes: RequestOptions['onBytes']
  readonly #waiting: Answer[] = []
  #failure: { readonly error: unknown } | undefined
  #wake = () => {}

  constructor(onBytes: RequestOptions['onBytes']) {
    this.#onBytes = onBytes
  }

  put(answer: Answer): void {
    if (answer.type === 'piece' && answer.bytes > 0) this.#onBytes?.(answer.bytes)
    this.#waiting.push(answer)
    this.#wake()
  }

  fail(error: unknown): void {
    this.#failure ??= { error }
    this.#wake()
  }

  async next(): Promise<Answer> {
    for (;;) {
      if (this.#failure) throw this.#failure.error
      const answer = this.#waiting.shift()
      if (answer) return answer
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}

/** Resolves a URL like the page's `fetch` does; the base URL of a Worker differs. */
function absolute(baseUrl: string): string {
  return /^https?:/i.test(baseUrl) ? baseUrl : new Request(`${baseUrl}/`).url.replace(/\/$/, '')
}
