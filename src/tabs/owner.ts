// The owner of the feeds of all tabs: greets tabs, serves their calls, and asks them for tokens and objects.

import { KubeError } from '../api/errors'
import type { ClientSettings } from '../http/portable'
import type { KubeReaderOptions } from '../http/reader'
import type { Clock } from '../internal/clock'
import { every } from '../internal/interval'
import { Listeners } from '../internal/listeners'
import type { Wake } from '../internal/wake'
import type { Persister } from '../persistence/persister'
import { type ErrorData, errorToData } from '../worker/error-data'
import type { ConnectionPort, StoredScope } from '../worker/protocol'
import { restoreReader } from '../worker/thread/reader'
import { type ServedConnection, serveConnection } from '../worker/thread/server'
import { type GivenState, Questions } from './donors'
import { type Broadcast, generationOf, type OwnerMessage, type TabMessage, type TabsPort } from './messages'
import { SharingClient } from './sharing-client'

/** Options of an {@link Owner}. */
export interface OwnerOptions extends Pick<KubeReaderOptions, 'fetch'> {
  /** The name under which the tabs find the owner, made by `ownerName`. */
  readonly name: string
  /** A name that no other owner has. */
  readonly id: string
  /** The Web Lock that the owner holds; undefined where there are none. */
  readonly lock: string | undefined
  readonly clock: Clock
  readonly random?: (() => number) | undefined
  /** Makes the persister of a database. */
  readonly persisterOf: (stored: StoredScope) => Persister
  /** Calls back when the network of the owner is back. */
  readonly onWake: (listener: (wake: Wake) => void) => () => void
  /** Called when the owner begins to serve tabs. */
  readonly onServe: () => void
  /** Returns the highest generation among the owners of the identity that serve tabs, and this one. */
  readonly newestGeneration: () => Promise<number>
  /** Called when the owner has ended. */
  readonly onEnd: () => void
}

interface Tab {
  readonly port: TabsPort
  readonly questions: Questions
  /** Undefined before the tab has opened its channel for calls. */
  calls: ServedConnection | undefined
  /** The number of pings without an answer. */
  unanswered: number
}

/** The time a tab may take to open its channel for calls after the greeting, in milliseconds. */
const JOIN_MS = 5_000
/** The interval of pings to each tab, in milliseconds. */
const PING_MS = 30_000
/** The number of unanswered pings after which a tab has vanished. */
const MAX_UNANSWERED = 3
/** The time a tab may take to give a token, in milliseconds; then the next tab is asked. */
const TOKEN_MS = 5_000

/** Serves the tabs of one user and cluster. */
export class Owner {
  readonly #options: OwnerOptions
  readonly #tabs = new Set<Tab>()
  readonly #wakes = new Listeners<Wake>()
  readonly #stops: (() => void)[]
  /** The errors of scopes that are not stored any more, for tabs that come later. */
  readonly #unstored = new Map<string, ErrorData>()
  #client: SharingClient | undefined
  #hasEnded = false
  #isServing = false
  /** Whether a tab has left for the next name because it got no answer. */
  #isLeft = false

  constructor(options: OwnerOptions) {
    this.#options = options
    this.#stops = [every(PING_MS, options.clock, () => this.#beat()), options.onWake((wake) => this.#wakes.notify(wake))]
  }

  /** The number of connected tabs. */
  get tabs(): number {
    return this.#tabs.size
  }

  /** The number of feeds that are read from the server. */
  get upstream(): number {
    return this.#client?.feeds ?? 0
  }

  /** Greets a tab, and serves it from now on. */
  connect(port: TabsPort): void {
    if (this.#hasEnded) {
      port.postMessage({ type: 'ended' } satisfies OwnerMessage)
      return
    }
    const { id, lock, clock } = this.#options
    const post = (message: OwnerMessage) => port.postMessage(message)
    const tab: Tab = { port, questions: new Questions(post, clock), calls: undefined, unanswered: 0 }
    this.#tabs.add(tab)
    port.onmessage = ({ data, ports }) => this.#take(tab, data as TabMessage, ports?.[0] as ConnectionPort | undefined)
    post({ type: 'hello', owner: id, lock })
    for (const [scope, error] of this.#unstored) post({ type: 'unstored', scope, error })
    this.#count()
    // A tab that had gone before the owner got to its request never opens its channel for calls.
    clock.setTimeout(() => tab.calls || this.#drop(tab, { type: 'ended' }), JOIN_MS)
  }

  /**
   * Ends all feeds, and tells the tabs, which then start another owner.
   *
   * @param why `forgotten`: the user has logged out, and the tabs stop. `generation`: the owner that the tabs use from now on.
   */
  async close({ why, generation }: { why?: 'forgotten'; generation?: number } = {}): Promise<void> {
    if (this.#hasEnded) return
    this.#hasEnded = true
    for (const stop of this.#stops) stop()
    const client = this.#client
    for (const tab of [...this.#tabs]) this.#drop(tab, { type: 'ended', why, generation })
    await client?.close()
    if (why === 'forgotten' && client) await this.#clear(client.stored)
    this.#options.onEnd()
  }

  /** Removes what the user has stored. A failure leaves the objects to `forget` and its own persister. */
  async #clear(stored: readonly StoredScope[]): Promise<void> {
    const { persisterOf } = this.#options
    await Promise.allSettled(stored.map((each) => persisterOf(each).clear({ cluster: each.scope.cluster, user: each.scope.user })))
  }

  /** Takes a message of the channel of all tabs. */
  hear(message: Broadcast): void {
    const { name } = this.#options
    if (!name.startsWith(message.identity)) return
    if (message.type === 'forget') void this.close({ why: 'forgotten' })
    else if (message.generation > generationOf(name)) {
      this.#isLeft = true
      this.#endIfLeft()
    }
  }

  /** Ends an owner that hung until the tabs had left it. The last tab, which may have hung with it, follows the others. */
  #endIfLeft(): void {
    if (this.#isLeft && this.#tabs.size <= 1) void this.close()
  }

  #take(tab: Tab, message: TabMessage, channel: ConnectionPort | undefined): void {
    tab.unanswered = 0
    switch (message.type) {
      case 'join':
        if (!channel) return
        tab.calls?.close()
        this.#serve()
        tab.calls = serveConnection(channel, { clock: this.#options.clock, clientOf: (settings) => this.#clientOf(settings) })
        return
      case 'give':
      case 'given':
        tab.questions.take(message)
        return
      case 'wake':
        tab.port.postMessage({ type: 'pong' } satisfies OwnerMessage)
        this.#wakes.notify('online')
        return
      case 'leave':
        this.#drop(tab)
    }
  }

  #drop(tab: Tab, farewell?: OwnerMessage): void {
    if (!this.#tabs.delete(tab)) return
    tab.calls?.close()
    tab.questions.close()
    if (farewell) tab.port.postMessage(farewell)
    tab.port.close()
    // The browser may end the owner at once.
    if (this.#tabs.size === 0) void this.#client?.flush()
    this.#count()
    this.#endIfLeft()
  }

  #serve(): void {
    if (this.#isServing) return
    this.#isServing = true
    this.#options.onServe()
    void this.#giveWay()
  }

  /** Leaves the tabs to a later owner: they once left this one, or an earlier one of its name, because it hung. */
  async #giveWay(): Promise<void> {
    const { name, newestGeneration } = this.#options
    const generation = await newestGeneration()
    if (generation > generationOf(name)) await this.close({ generation })
  }

  #beat(): void {
    this.#ping()
    void this.#giveWay()
  }

  #ping(): void {
    for (const tab of [...this.#tabs]) {
      // A frozen page gets the message when it thaws, and connects again.
      if (tab.unanswered++ >= MAX_UNANSWERED) this.#drop(tab, { type: 'ended' })
      else tab.port.postMessage({ type: 'ping' } satisfies OwnerMessage)
    }
  }

  #count(): void {
    this.#tell({ type: 'count', tabs: this.tabs, upstream: this.upstream })
  }

  #tell(message: OwnerMessage): void {
    for (const { port } of this.#tabs) port.postMessage(message)
  }

  /** All tabs have the same user and cluster, so the first one's settings serve all. */
  #clientOf(settings: ClientSettings): SharingClient {
    const { clock, random, persisterOf, fetch } = this.#options
    this.#client ??= new SharingClient({
      client: restoreReader(settings, { fetch, clock, requestToken: (refused) => this.#askToken(refused) }),
      clock,
      random,
      persisterOf,
      onWake: (listener) => this.#wakes.add(listener),
      donorOf: (scope) => (signal) => this.#give(scope, signal),
      onUnstored: (scope, error) => {
        this.#unstored.set(scope, errorToData(error))
        this.#tell({ type: 'unstored', scope, error: errorToData(error) })
      },
      onFeeds: () => this.#count(),
      onRecovered: () => this.#tell({ type: 'recovered' }),
    })
    return this.#client
  }

  /** Asks the tabs in turn; one that has gone or hangs is passed over. */
  async #askToken(refused: string | undefined): Promise<string | undefined> {
    const { clock } = this.#options
    let failure: unknown = new KubeError('no tab gave a token to the owner of its feeds')
    for (const { calls } of [...this.#tabs].reverse()) {
      if (!calls) continue
      const limit = new AbortController()
      const timer = clock.setTimeout(() => limit.abort(), TOKEN_MS)
      try {
        return await calls.requestToken(refused, limit.signal)
      } catch (error) {
        if (!limit.signal.aborted) failure = error
      } finally {
        clock.clearTimeout(timer)
      }
    }
    throw failure
  }

  async *#give(scope: string, signal: AbortSignal): AsyncGenerator<GivenState, void, undefined> {
    for (const tab of [...this.#tabs]) {
      const state = await tab.questions.ask(scope, signal)
      if (signal.aborted) return
      if (state) yield state
    }
  }
}
