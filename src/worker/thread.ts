import { KubeError } from '../errors'
import type { Clock } from '../internal/clock'
import { listen } from '../internal/listen'
import { guarded } from '../internal/report'
import { nextTurn } from '../internal/turn'
import type { RequestOptions } from '../meta/wire'
import type { PortableClient } from '../transport/portable'
import { errorFromData, errorToData } from './error-data'
import type { Call, News, Order, ThreadPort } from './protocol'

/** A Worker that lives says at once that it has taken a call. It may have to be loaded first. */
const SIGN_OF_LIFE_MS = 10_000

/** What the caller of a {@link Thread} can give along. */
export interface CallOptions extends RequestOptions {
  /** The beginning of what the call brings along, piece by piece. */
  parts?: Iterable<readonly string[]> | undefined
}

/** The main thread's end of the connection to a Worker: any number of calls at a time. */
export class Thread {
  readonly #port: ThreadPort
  readonly #client: PortableClient
  readonly #clock: Clock
  readonly #inboxes = new Map<number, Inbox>()
  readonly #numbers = new WeakMap<object, number>()
  readonly #warn: ((news: News & { type: 'warning' }) => void) | undefined
  #calls = 0
  #numbered = 0
  #failure: KubeError | undefined
  #isAlive = false

  /** @param client what the Worker makes requests for. */
  constructor(port: ThreadPort, client: PortableClient, clock: Clock) {
    this.#port = port
    this.#client = client
    this.#clock = clock
    const { headers, onWarning } = client
    this.#warn = guarded(onWarning && (({ warning, request }) => onWarning(warning, request)))
    port.onmessage = ({ data }) => this.#take(data as News)
    this.#post({ type: 'open', client: { baseUrl: absolute(client.baseUrl), headers } })
  }

  /** Why the Worker does nothing any more; undefined while it does. */
  get failure(): KubeError | undefined {
    return this.#failure
  }

  /** Whether the Worker was ever heard of. */
  get isAlive(): boolean {
    return this.#isAlive
  }

  /** The number of something of the main thread's, such as a persister, in the words of the Worker. */
  numberOf(thing: object): number {
    const number = this.#numbers.get(thing) ?? ++this.#numbered
    this.#numbers.set(thing, number)
    return number
  }

  /**
   * Has the Worker do something. Gives what comes of it piece by piece, and no faster than the pieces are taken; returns the last cells.
   *
   * @throws what the Worker threw; {@link failure} when there is no Worker any more; the signal's reason, and the Worker ends the call.
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
    const cancel = () => {
      if (this.#inboxes.delete(id)) this.#post({ type: 'cancel', id })
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
      inbox.timer = this.#clock.setTimeout(
        () => this.fail(new KubeError(`a Worker gave no sign of life for ${SIGN_OF_LIFE_MS / 1000} s: does it import kubeflect/worker?`)),
        SIGN_OF_LIFE_MS,
      )
      for (;;) {
        const news = await inbox.next()
        if (news.type === 'piece') {
          if (news.cells) yield news.cells
          this.#post({ type: 'more', id })
          continue
        }
        this.#inboxes.delete(id)
        if (news.type === 'done') return news.cells
        throw errorFromData(news.error)
      }
    } finally {
      unlisten()
      this.#clock.clearTimeout(inbox.timer)
      cancel()
    }
  }

  /** Resolves when the Worker has given a sign of life. @throws {@link failure} when it gives none. */
  async ping(): Promise<void> {
    await this.call({ kind: 'ping' }).next()
  }

  /** Gives the Worker up: every call fails. */
  fail(failure: KubeError): void {
    if (this.#failure) return
    this.#failure = failure
    for (const inbox of this.#inboxes.values()) inbox.fail(failure)
    this.#inboxes.clear()
    this.#port.postMessage({ type: 'close' } satisfies Order)
    this.#port.close()
  }

  /** Nobody needs the Worker any more. */
  close(): void {
    this.fail(new KubeError('the Worker was given back'))
  }

  #take(news: News): void {
    this.#isAlive = true
    if (news.type === 'token') void this.#giveToken(news.id, news.refused)
    else if (news.type === 'warning') this.#warn?.(news)
    else {
      const inbox = this.#inboxes.get(news.id)
      if (news.type === 'taken') this.#clock.clearTimeout(inbox?.timer)
      else inbox?.put(news)
    }
  }

  async #giveToken(id: number, refused: string | undefined): Promise<void> {
    const { credentials } = this.#client
    try {
      // Where there is no other, the Worker finds that it is the same.
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

/** What came for one call and was not taken yet. */
class Inbox {
  timer: unknown
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

/** What a page's `fetch` makes of a URL; a Worker's has another base. */
function absolute(baseUrl: string): string {
  return /^https?:/i.test(baseUrl) ? baseUrl : new Request(`${baseUrl}/`).url.replace(/\/$/, '')
}
