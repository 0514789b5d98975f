// The connection of a page to its Worker: sends requests, delivers replies, and detects a dead Worker.

import { KubeError } from '../../api/errors'
import type { RequestOptions } from '../../api/options'
import type { PortableClient } from '../../http/portable'
import type { Clock } from '../../internal/clock'
import { listen } from '../../internal/listen'
import { guarded } from '../../internal/report'
import { nextTurn } from '../../internal/turn'
import { errorFromData, errorToData } from '../error-data'
import type { ConnectionPort, ReplyMessage, RequestMessage, WorkerRequest } from '../protocol'

/** The interval of pings to a silent Worker while requests are open, in milliseconds. */
const PING_MS = 1_000
/**
 * The number of intervals that a ping may stay unanswered before the Worker counts as dead: before and after its first message. Counting
 * intervals instead of time tolerates a frozen page and long tasks of the page. A task of the Worker may take as long as this limit.
 */
const UNANSWERED = { first: 9, later: 6 } as const

/** Options of {@link WorkerConnection.request}. */
export interface SendOptions extends RequestOptions {
  /** The leading chunks of a large argument, sent before the request itself. Default none. */
  parts?: Iterable<readonly string[]> | undefined
}

/**
 * The page's end of the connection to a Worker, for any number of concurrent requests. No event reports a Worker that dies, hangs or never
 * starts. The connection therefore pings the Worker while requests are open, and fails within 10 seconds.
 */
export class WorkerConnection {
  readonly #port: ConnectionPort
  readonly #client: PortableClient
  readonly #clock: Clock
  readonly #inboxes = new Map<number, Inbox>()
  readonly #numbers = new WeakMap<object, number>()
  readonly #onEnd: () => void
  readonly #warn: ((message: ReplyMessage & { type: 'warning' }) => void) | undefined
  #requests = 0
  #lastNumber = 0
  #failure: KubeError | undefined
  #isAlive = false
  #timer: unknown
  /** The number of intervals since the last ping was sent; undefined while no ping is pending. */
  #intervalsSincePing: number | undefined
  /** Whether a message has arrived since the last interval began. */
  #hasReceived = false

  /**
   * @param port the port whose other end is sent to the Worker.
   * @param client the settings of the client that the Worker acts for.
   * @param clock schedules the pings.
   * @param onEnd called once, when the connection fails or is closed.
   */
  constructor(port: ConnectionPort, client: PortableClient, clock: Clock, onEnd: () => void = () => {}) {
    this.#port = port
    this.#onEnd = onEnd
    this.#client = client
    this.#clock = clock
    const { headers, onWarning } = client
    this.#warn = guarded(onWarning && (({ warning, request }) => onWarning(warning, request)))
    port.onmessage = ({ data }) => this.#receive(data as ReplyMessage)
    port.onmessageerror = () => this.fail(new KubeError('a Worker sent a message that cannot be deserialized'))
    this.#post({ type: 'open', client: { baseUrl: absolute(client.baseUrl), headers, watchOver: client.watchOver } })
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
  numberOf(object: object): number {
    const number = this.#numbers.get(object) ?? ++this.#lastNumber
    this.#numbers.set(object, number)
    return number
  }

  /**
   * Sends a request to the Worker. Yields the chunks of the reply, applying backpressure, and returns the final cells.
   *
   * @throws the error of the Worker; KubeError, the {@link failure}, when the Worker is gone; the reason of the signal, which also cancels
   *   the request in the Worker.
   */
  async *request(
    request: WorkerRequest,
    { signal, onBytes, parts = [] }: SendOptions = {},
  ): AsyncGenerator<readonly string[], readonly string[], undefined> {
    signal?.throwIfAborted()
    if (this.#failure) throw this.#failure
    const id = ++this.#requests
    const inbox = new Inbox(onBytes)
    this.#inboxes.set(id, inbox)
    this.#schedulePing()
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
      this.#post({ type: 'request', id, request })
      for (;;) {
        const reply = await inbox.next()
        if (reply.type === 'chunk') {
          if (reply.cells) yield reply.cells
          this.#post({ type: 'acknowledge', id })
          continue
        }
        this.#close(id)
        if (reply.type === 'done') return reply.cells
        throw errorFromData(reply.error)
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
    await this.request({ kind: 'ping' }).next()
  }

  /** Ends the connection with an error: every open and later request fails with it. */
  fail(failure: KubeError): void {
    if (this.#failure) return
    this.#failure = failure
    for (const inbox of this.#inboxes.values()) inbox.fail(failure)
    this.#inboxes.clear()
    this.#stopPinging()
    this.#port.postMessage({ type: 'close' } satisfies RequestMessage)
    this.#port.close()
    this.#onEnd()
  }

  /** Closes the connection to a Worker that is no longer needed. */
  close(): void {
    this.fail(new KubeError('the Worker was released'))
  }

  #receive(message: ReplyMessage): void {
    this.#isAlive = true
    this.#hasReceived = true
    this.#intervalsSincePing = undefined
    if (message.type === 'pong') return
    if (message.type === 'token') void this.#sendToken(message.id, message.refused)
    else if (message.type === 'warning') this.#warn?.(message)
    else this.#inboxes.get(message.id)?.put(message)
  }

  /** Ends a request. Returns whether it was open. */
  #close(id: number): boolean {
    const wasOpen = this.#inboxes.delete(id)
    if (this.#inboxes.size === 0) this.#stopPinging()
    return wasOpen
  }

  #schedulePing(): void {
    this.#timer ??= this.#clock.setTimeout(() => this.#checkLiveness(), PING_MS)
  }

  #stopPinging(): void {
    this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
    this.#intervalsSincePing = undefined
  }

  #checkLiveness(): void {
    this.#timer = undefined
    if (this.#intervalsSincePing !== undefined) this.#intervalsSincePing++
    else if (!this.#hasReceived) {
      this.#intervalsSincePing = 0
      this.#post({ type: 'ping' })
    }
    this.#hasReceived = false
    const limit = this.#isAlive ? UNANSWERED.later : UNANSWERED.first
    if (this.#intervalsSincePing === undefined || this.#intervalsSincePing < limit) {
      this.#schedulePing()
      return
    }
    const advice = this.#isAlive ? '' : ': does it import kubeflect/worker?'
    // Adds the interval that passed before the ping.
    const seconds = ((limit + 1) * PING_MS) / 1000
    this.fail(new KubeError(`a Worker did not respond for ${seconds} s${advice}`))
  }

  async #sendToken(id: number, refused: string | undefined): Promise<void> {
    const { credentials } = this.#client
    try {
      // When the credentials have no other token, the Worker recognizes the refused one.
      const token = refused === undefined ? await credentials.token() : ((await credentials.replace(refused)) ?? refused)
      this.#post({ type: 'token', id, token })
    } catch (error) {
      this.#post({ type: 'no-token', id, error: errorToData(error) })
    }
  }

  #post(message: RequestMessage): void {
    if (!this.#failure) this.#port.postMessage(message)
  }
}

type RequestReply = Extract<ReplyMessage, { type: 'chunk' | 'done' | 'failed' }>

/** The unread replies to one request: at most one chunk and the end, because the Worker waits for `acknowledge`. */
class Inbox {
  readonly #onBytes: RequestOptions['onBytes']
  readonly #unread: RequestReply[] = []
  #failure: { readonly error: unknown } | undefined
  #wake = () => {}

  constructor(onBytes: RequestOptions['onBytes']) {
    this.#onBytes = onBytes
  }

  put(reply: RequestReply): void {
    if (reply.type === 'chunk' && reply.bytes > 0) this.#onBytes?.(reply.bytes)
    this.#unread.push(reply)
    this.#wake()
  }

  fail(error: unknown): void {
    this.#failure ??= { error }
    this.#wake()
  }

  async next(): Promise<RequestReply> {
    for (;;) {
      if (this.#failure) throw this.#failure.error
      const reply = this.#unread.shift()
      if (reply) return reply
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
