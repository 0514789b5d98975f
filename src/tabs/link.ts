// A tab's connection to the owner of its feeds: runs the state machine, and connects to the next owner when one is lost.

import { KubeError } from '../api/errors'
import type { PortableClient } from '../http/portable'
import type { TabsEvent } from '../informer/events'
import type { TabsStatus } from '../informer/feed'
import type { Clock } from '../internal/clock'
import { Listeners } from '../internal/listeners'
import { Waiters } from '../internal/waiters'
import { errorFromData } from '../worker/error-data'
import { WorkerConnection } from '../worker/page/connection'
import type { BroadcastEnd } from './broadcast'
import { type EntryGiver, Giving } from './giving'
import { type Broadcast, type OwnerMessage, ownerName, type TabMessage, type TabsPort } from './messages'
import { CONNECTING, isTroubled, type LinkAction, type LinkEvent, type LinkState, linkTransition } from './owner-state'
import type { TabsPlatform } from './platform'

/** Options of a {@link Link}. */
export interface LinkOptions {
  readonly platform: TabsPlatform
  readonly clock: Clock
  readonly client: PortableClient
  /** Names the cluster and the user. */
  readonly identity: string
}

/** An event of a link. */
export type LinkNews =
  | TabsEvent
  /** A feed of the owner is live again. */
  | { readonly type: 'recovered' }
  /** {@link Link.status} has changed. */
  | { readonly type: 'status' }
  /** The user has logged out, here or in another tab. */
  | { readonly type: 'forgotten' }

/** The time an owner may take to greet, in milliseconds. */
const GREETING_MS = 5_000
/** The number of connections without a greeting after which a tab that had no owner before stops trying: one may have died while it started. */
const FIRST_ATTEMPTS = 2

/** The time an owner may take to answer after the tab woke up, in milliseconds. */
const PONG_MS = 3_000

/** One tab's connection for all of its informers of one user and cluster. */
export class Link {
  readonly #options: LinkOptions
  readonly #news = new Listeners<LinkNews>()
  readonly #givers = new Set<EntryGiver>()
  readonly #stops: (() => void)[] = []
  readonly #channel: BroadcastEnd
  /** The calls that wait for an owner. */
  readonly #waiting: Waiters
  #state: LinkState = CONNECTING
  #port: TabsPort | undefined
  #thread: WorkerConnection | undefined
  #giving: Giving | undefined
  #unlock = () => {}
  #timer: unknown
  #since: number
  #count: { readonly tabs: number; readonly upstream: number } = { tabs: 1, upstream: 0 }
  #status: TabsStatus
  /** The errors of scopes that the owner does not store any more. */
  readonly #unstored = new Map<string, Error>()
  #hasJoined = false
  /** The number of first connections without a greeting. */
  #silences = 0
  #isLeader = false

  constructor(options: LinkOptions) {
    this.#options = options
    const { platform, clock } = options
    this.#waiting = new Waiters(clock)
    this.#since = clock.now()
    this.#status = this.#nextStatus()
    this.#channel = platform.broadcast((message) => this.#hear(message))
    this.#stops.push(
      platform.onPage((event) => this.#dispatch({ type: event })),
      platform.onWake(() => this.#probe()),
    )
    this.#connect()
  }

  /** The role of the tab: a new object after each change. */
  get status(): TabsStatus {
    return this.#status
  }

  /** Whether owners are lost so often that calls should fail and wait. */
  get isTroubled(): boolean {
    return isTroubled(this.#state, this.#options.clock.now())
  }

  /** Calls `listener` with each event. Returns the function that ends it. */
  readonly subscribe = (listener: (news: LinkNews) => void): (() => void) => this.#news.add(listener)

  /** Resolves with the connection to the owner once there is one; with undefined when the tab is alone. @throws the signal's reason */
  async connection(signal: AbortSignal | undefined): Promise<WorkerConnection | undefined> {
    for (;;) {
      signal?.throwIfAborted()
      if (this.#thread && !this.#thread.failure) return this.#thread
      const { type } = this.#state
      if (type === 'alone' || type === 'closed') return undefined
      await this.#waiting.wait({ until: undefined, signal })
    }
  }

  /** Why the owner does not store a scope; undefined while it does. */
  unstoredError(scope: string): Error | undefined {
    return this.#unstored.get(scope)
  }

  /** Lets a new owner have the objects of a tab's store. Returns the function that ends it. */
  offer(giver: EntryGiver): () => void {
    this.#givers.add(giver)
    return () => void this.#givers.delete(giver)
  }

  /** Whether the link was closed, or its user has logged out. */
  get isClosed(): boolean {
    return this.#state.type === 'closed'
  }

  /** Leaves the owner. */
  close(): void {
    this.#dispatch({ type: 'close' })
    for (const stop of this.#stops) stop()
    this.#channel.close()
  }

  #hear(message: Broadcast): void {
    if (message.identity !== this.#options.identity) return
    if (message.type === 'moved') this.#dispatch({ type: 'moved', generation: message.generation, at: this.#options.clock.now() })
    else this.#forgotten()
  }

  #forgotten(): void {
    // No owner is started for a user who has logged out.
    this.#dispatch({ type: 'close' })
    this.#news.notify({ type: 'forgotten' })
  }

  #dispatch(event: LinkEvent): void {
    const before = this.#state
    const { state, actions } = linkTransition(before, event)
    this.#state = state
    for (const action of actions) this.#act(action)
    const [left, joined] = [ownerOf(before), ownerOf(state)]
    if (left !== undefined && left !== joined) this.#tell('lost', left)
    if (joined !== undefined && left !== joined) this.#tell('joined', joined)
    if (state.type === 'alone' && before.type !== 'alone') this.#news.notify({ type: 'alone', why: state.why })
    if (before !== state) this.#update()
  }

  #act(action: LinkAction): void {
    switch (action) {
      case 'drop':
        this.#drop()
        break
      case 'announce':
        if ('generation' in this.#state) {
          const { generation } = this.#state
          this.#channel.post({ type: 'moved', identity: this.#options.identity, generation })
        }
        return
      case 'probe':
        this.#probe()
        break
      case 'connect':
        this.#connect()
        break
      case 'join':
        this.#join()
        break
    }
  }

  #connect(): void {
    if (!('generation' in this.#state)) return
    const { platform, clock, identity } = this.#options
    const name = ownerName(identity, this.#state.generation)
    const refuse = (why: string) => this.#dispatch({ type: 'refused', why })
    try {
      const onRefused = (why: string) => {
        if (this.#port === port) refuse(why)
      }
      const port =
        this.#state.fallback === undefined
          ? platform.connect(name, onRefused)
          : platform.connectToLeader(name, { onRefused, onLead: () => this.#lead(port) })
      this.#port = port
      port.onmessage = ({ data }) => {
        if (this.#port === port) this.#take(data as OwnerMessage)
      }
    } catch (error) {
      // The caller is the constructor, perhaps.
      queueMicrotask(() => refuse(error instanceof Error ? error.message : String(error)))
      return
    }
    const silent = () => {
      if (this.#hasJoined) this.#dispatch({ type: 'silent', at: clock.now() })
      else if (++this.#silences >= FIRST_ATTEMPTS) {
        this.#silences = 0
        refuse(`the owner of the feeds did not respond for ${(FIRST_ATTEMPTS * GREETING_MS) / 1_000} s`)
      } else {
        this.#disconnect()
        this.#connect()
      }
    }
    this.#timer = clock.setTimeout(silent, GREETING_MS)
  }

  /** The tab leads from now on. */
  #lead(port: TabsPort): void {
    if (this.#port !== port) return
    this.#isLeader = true
    this.#update()
  }

  #join(): void {
    const { platform, clock, client } = this.#options
    const state = this.#state
    const port = this.#port
    if (state.type !== 'joined' || !port) return
    clock.clearTimeout(this.#timer)
    this.#hasJoined = true
    const [own, theirs] = platform.ports(port)
    const thread = new WorkerConnection(own, client, clock, () => {
      if (this.#thread !== thread) return
      this.#thread = undefined
      this.#dispatch({ type: 'silent', at: clock.now() })
    })
    this.#thread = thread
    this.#giving = new Giving((message) => port.postMessage(message), this.#givers)
    port.postMessage({ type: 'join' } satisfies TabMessage, [theirs])
    const { lock } = state
    if (lock !== undefined) this.#unlock = platform.awaitLock(lock, () => this.#dispatch({ type: 'lock-granted', lock, at: clock.now() }))
    this.#waiting.wakeAll()
  }

  #drop(): void {
    this.#options.clock.clearTimeout(this.#timer)
    this.#unlock()
    this.#unlock = () => {}
    this.#giving = undefined
    this.#unstored.clear()
    const thread = this.#thread
    this.#thread = undefined
    thread?.fail(new KubeError('the owner of the feeds is gone'))
    // A port that greeted again belongs to the next owner.
    if (this.#state.type !== 'joined') this.#disconnect()
    this.#waiting.wakeAll()
  }

  #disconnect(): void {
    this.#port?.postMessage({ type: 'leave' } satisfies TabMessage)
    this.#port?.close()
    this.#port = undefined
    this.#isLeader = false
  }

  /** Asks the owner for a response: a page that was frozen may have missed its end. */
  #probe(): void {
    const { clock } = this.#options
    if (this.#state.type !== 'joined') return
    this.#port?.postMessage({ type: 'wake' } satisfies TabMessage)
    clock.clearTimeout(this.#timer)
    this.#timer = clock.setTimeout(() => this.#dispatch({ type: 'silent', at: clock.now() }), PONG_MS)
  }

  #take(message: OwnerMessage): void {
    const at = this.#options.clock.now()
    if (this.#state.type === 'joined') this.#options.clock.clearTimeout(this.#timer)
    switch (message.type) {
      case 'hello':
        this.#dispatch({ type: 'hello', owner: message.owner, lock: message.lock, at })
        break
      case 'ended':
        if (message.why === 'forgotten') this.#forgotten()
        else this.#dispatch({ type: 'ended', generation: message.generation, at })
        break
      case 'ping':
        this.#port?.postMessage({ type: 'pong' } satisfies TabMessage)
        break
      case 'count':
        this.#count = { tabs: message.tabs, upstream: message.upstream }
        this.#update()
        break
      case 'unstored':
        this.#unstored.set(message.scope, errorFromData(message.error))
        break
      case 'recovered':
        this.#news.notify({ type: 'recovered' })
        break
      case 'ask':
        void this.#giving?.give(message)
        break
      case 'more':
        this.#giving?.more(message.id)
        break
      case 'pong':
    }
  }

  #tell(change: 'joined' | 'lost', owner: string): void {
    const now = this.#options.clock.now()
    this.#news.notify({ type: 'owner', change, owner, durationMs: now - this.#since })
    this.#since = now
  }

  #update(): void {
    this.#status = this.#nextStatus()
    this.#news.notify({ type: 'status' })
  }

  #nextStatus(): TabsStatus {
    const state = this.#state
    if (state.type === 'alone') return { role: 'alone', owner: undefined, tabs: 1, upstream: undefined, why: state.why }
    const why = 'fallback' in state ? state.fallback : undefined
    const role = why === undefined ? 'shared' : this.#isLeader ? 'leader' : 'follower'
    return { role, owner: ownerOf(state), ...this.#count, why }
  }
}

const ownerOf = (state: LinkState): string | undefined => (state.type === 'joined' ? state.owner : undefined)
