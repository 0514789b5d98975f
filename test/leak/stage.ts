import { getEventListeners, setMaxListeners } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { KubeClient } from '../../src/http/client'
import type { Packing } from '../../src/informer/packing/packing'
import type { Clock } from '../../src/internal/clock'
import { ConfigMap } from '../../src/resources/core/v1'
import { FakeApiServer, type Fault, type FaultMatch } from '../../src/testing'
import { type HttpServer, serve } from '../support/http'
import { packingModes, packingOf } from '../support/packing'

const OBJECTS = 20
const COLLECT_EVERY = 100
/** How much faster time goes by for those who cannot wait. */
const HASTE = 100

/** What many informers share for as long as a process lives; it counts what they leave behind. */
export class Stage implements AsyncDisposable {
  readonly client: KubeClient
  /** Of all informers; never aborted. */
  readonly signal: AbortSignal = new AbortController().signal
  readonly clock: Clock
  /** The same, with a hundred times the speed. */
  readonly quickClock: Clock
  readonly #server: FakeApiServer
  readonly #http: HttpServer | undefined
  readonly #collect: () => void
  readonly #timers = new Set<unknown>()
  // What a browser's page would be to them.
  readonly #page = new EventTarget()
  #calls = 0
  #informers = 0

  private constructor(server: FakeApiServer, http: HttpServer | undefined, collect: () => void) {
    this.#collect = collect
    this.#server = server
    this.#http = http
    this.client = new KubeClient(http ? { baseUrl: http.url } : { baseUrl: 'http://kubernetes.test', fetch: server.fetch })
    this.clock = {
      now: () => Date.now(),
      setTimeout: (callback, ms) => {
        const fire = () => {
          this.#timers.delete(timer)
          callback()
        }
        const timer = setTimeout(fire, ms)
        this.#timers.add(timer)
        return timer
      },
      clearTimeout: (timer) => {
        this.#timers.delete(timer)
        clearTimeout(timer as NodeJS.Timeout)
      },
    }
    const { clock } = this
    this.quickClock = {
      now: () => clock.now() * HASTE,
      setTimeout: (callback, ms) => clock.setTimeout(callback, ms / HASTE),
      clearTimeout: (timer) => clock.clearTimeout(timer),
    }
    setMaxListeners(0, this.#page)
    Object.assign(globalThis, { document: this.#page })
    globalThis.addEventListener = this.#page.addEventListener.bind(this.#page)
    globalThis.removeEventListener = this.#page.removeEventListener.bind(this.#page)
  }

  /** @param collect collects garbage. */
  static async open(
    { fault, match, overHttp }: { fault?: Fault; match?: FaultMatch; overHttp?: boolean },
    collect: () => void,
  ): Promise<Stage> {
    const server = new FakeApiServer()
    for (let index = 0; index < OBJECTS; index++)
      server.create(ConfigMap, { metadata: { name: `object-${index}`, labels: { app: 'web' } }, data: { text: 'x'.repeat(200) } })
    if (fault) server.faults.add({ fault, times: Number.POSITIVE_INFINITY, ...(match && { match }) })
    return new Stage(server, overHttp ? await serve(server.fetch) : undefined, collect)
  }

  /** Lets a turn of the event loop pass while an informer lives, now and then with a collection of garbage. */
  async rest(): Promise<void> {
    const collects = this.#calls++ % COLLECT_EVERY === 0
    // What was made in one turn is not collected in it.
    await setImmediate()
    if (collects) this.#collect()
  }

  /** The option of the next informer. The modes take turns. */
  get pack(): Packing | undefined {
    return packingOf(packingModes[this.#informers++ % packingModes.length] ?? 'off')
  }

  /** How many requests the server has not seen the end of. */
  get openRequests(): number {
    this.#server.forgetRequests()
    return this.#server.openRequests.length
  }

  /** What is there that informers have made. */
  get left(): { timers: number; signalListeners: number; pageListeners: number } {
    return {
      timers: this.#timers.size,
      signalListeners: getEventListeners(this.signal, 'abort').length,
      pageListeners: ['online', 'pageshow', 'visibilitychange', 'resume'].flatMap((type) => getEventListeners(this.#page, type)).length,
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#http?.close()
  }
}
