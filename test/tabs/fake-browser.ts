// A browser in virtual time: tabs, SharedWorkers, ports, Web Locks and a BroadcastChannel, with freezes and kills.

import { KubeClient } from '../../src/http/client'
import { createInformer, type InformerOptions } from '../../src/informer/create-informer'
import type { InformerEvent } from '../../src/informer/events'
import type { SharedInformer } from '../../src/informer/shared-informer'
import type { Clock } from '../../src/internal/clock'
import { once } from '../../src/internal/once'
import type { Wake } from '../../src/internal/wake'
import { type MemoryStorage, memoryPersister } from '../../src/persistence/memory/memory-persister'
import type { Persister } from '../../src/persistence/persister'
import { ConfigMap } from '../../src/resources/core/v1'
import { type ChannelLike, ChannelPort } from '../../src/tabs/channel-port'
import { forgetOver } from '../../src/tabs/forget'
import { acceptTabs, connectToLeader, type LeaderPlatform } from '../../src/tabs/leader'
import { type Broadcast, generationOf, type TabsPort } from '../../src/tabs/messages'
import { Owner } from '../../src/tabs/owner'
import type { TabsPlatform } from '../../src/tabs/platform'
import { feedOver } from '../../src/tabs/shared-by-tabs'
import type { ConnectionPort } from '../../src/worker/protocol'
import { briefState, isProbe } from '../conformance/brief'
import { World } from '../conformance/world'

/** A thread: its tasks wait while it is frozen or busy, and never run after it was killed. */
export class Realm {
  readonly #held: (() => void)[] = []
  readonly #life = new AbortController()
  readonly #workers: Realm[] = []
  #isFrozen = false
  /** The number of tasks so far. */
  received = 0

  /** @param page the page of a dedicated Worker, which stops and ends with it. */
  constructor(page?: Realm) {
    if (page) page.#workers.push(this)
  }

  get isDead(): boolean {
    return this.#life.signal.aborted
  }
  /** Aborted when the thread is killed. */
  get signal(): AbortSignal {
    return this.#life.signal
  }

  /** The number of tasks that wait for the thaw. */
  get waiting(): number {
    return this.#held.length
  }

  run(task: () => void): void {
    if (this.isDead) return
    this.received++
    if (this.#isFrozen) this.#held.push(task)
    else task()
  }
  freeze(): void {
    this.#isFrozen = true
    for (const worker of this.#workers) worker.freeze()
  }
  thaw(): void {
    this.#isFrozen = false
    for (const worker of this.#workers) worker.thaw()
    for (const task of this.#held.splice(0)) this.run(task)
  }
  /** Loses the tasks that wait. */
  drop(): void {
    this.#held.length = 0
  }
  kill(): void {
    this.drop()
    this.#life.abort()
    for (const worker of this.#workers) worker.kill()
  }

  /** The clock of the thread: its timers wait like its other tasks. */
  clockOver(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      setTimeout: (callback, ms) => clock.setTimeout(() => this.run(callback), ms),
      clearTimeout: (handle) => clock.clearTimeout(handle),
    }
  }
}

/** One end of a message channel. Delivers clones, in order, after a delay. */
class FakePort implements TabsPort {
  onmessageerror = null
  realm: Realm
  other: FakePort | undefined
  #isOpen = true
  #onmessage: TabsPort['onmessage'] = null
  /** The messages that came before the port had a listener. */
  readonly #early: { readonly data: unknown; readonly ports: readonly unknown[] }[] = []
  readonly #browser: FakeBrowser

  constructor(realm: Realm, browser: FakeBrowser) {
    this.realm = realm
    this.#browser = browser
  }

  postMessage(message: unknown, transfer: readonly unknown[] = []): void {
    const { other } = this
    if (!this.#isOpen || !other || this.realm.isDead) return
    // Throws for anything but plain data.
    const data: unknown = structuredClone(message)
    this.#browser.sent++
    if ((data as { type?: string }).type === 'give') this.#browser.gave(this.realm)
    this.#browser.later(() =>
      other.realm.run(() => {
        for (const port of transfer as FakePort[]) port.realm = other.realm
        if (other.#isOpen) other.#deliver({ data, ports: transfer })
      }),
    )
  }

  get onmessage(): TabsPort['onmessage'] {
    return this.#onmessage
  }
  set onmessage(listener: TabsPort['onmessage']) {
    this.#onmessage = listener
    if (listener) for (const message of this.#early.splice(0)) listener(message)
  }

  #deliver(message: { readonly data: unknown; readonly ports: readonly unknown[] }): void {
    if (this.#onmessage) this.#onmessage(message)
    else this.#early.push(message)
  }

  close(): void {
    this.#isOpen = false
  }
}

/** A running SharedWorker. */
export interface FakeOwner {
  readonly name: string
  /** The URL of its script. */
  readonly build: string
  readonly id: string
  readonly realm: Realm
  readonly owner: Owner
  /** The owner's ends of its connections. */
  readonly ports: FakePort[]
  /** Whether it holds the lock that tells other owners of it. */
  isServing: boolean
}

/** A tab with a client and informers. */
export class FakeTab {
  readonly realm: Realm = new Realm()
  readonly client: KubeClient
  readonly errors: unknown[] = []
  readonly events: string[] = []
  #isCut = false
  /** The number of parcels of objects that the tab gave to owners. */
  given = 0
  readonly #browser: FakeBrowser
  readonly #build: string
  readonly #pages = new Set<(event: 'hidden' | 'frozen' | 'shown') => void>()
  readonly #wakes = new Set<(wake: Wake) => void>()
  readonly #channels = new Set<(message: Broadcast) => void>()
  readonly #feeds = new Map<string, ReturnType<typeof feedOver>>()

  /** @param build the URL of the page's SharedWorker; another one is another SharedWorker. */
  constructor(browser: FakeBrowser, options: { token?: () => Promise<string> } = {}, build = '') {
    this.#build = build
    this.#browser = browser
    this.client = new KubeClient({ baseUrl: browser.world.baseUrl, ...options })
  }

  readonly platform: TabsPlatform = {
    connect: (name, onRefused) => this.#browser.connect(this, name, this.#build, onRefused),
    connectToLeader: (name, events) => connectToLeader(name, events, this.#leaderPlatform),
    ports: (port) => {
      if (!(port instanceof ChannelPort)) return this.#browser.channel(this.realm, this.realm) as [ConnectionPort, unknown] as never
      const lane = port.lane()
      return [lane, lane]
    },
    awaitLock: (name, onFree) => this.#browser.awaitLock(this.realm, name, onFree),
    broadcast: (listener) => {
      this.#channels.add(listener)
      return {
        post: (message) => this.#browser.broadcast(message, listener),
        close: () => void this.#channels.delete(listener),
      }
    },
    onPage: (listener) => added(this.#pages, listener),
    onWake: (listener) => added(this.#wakes, listener),
  }

  /** Cuts every channel of the tab, present and future, so that it reaches no other context. */
  loseChannels(): void {
    this.#isCut = true
    for (const channel of this.#browser.channels) if (channel.realm === this.realm) channel.close()
  }

  get #leaderPlatform(): LeaderPlatform {
    return {
      holdLock: (name, onHeld) => this.#browser.holdLock(this.realm, name, onHeld),
      channel: (name) => this.#browser.joinChannel(this.realm, this.#isCut ? `cut ${name}` : name),
      startWorker: (name) => {
        const worker = this.#browser.startLeader(name, this.realm)
        return { terminate: () => this.#browser.kill(worker), addEventListener: () => undefined }
      },
    }
  }

  /** Starts an informer that shares its feed as a user. */
  inform(options: InformerOptions<ConfigMap> & { as?: string } = {}): SharedInformer<ConfigMap> {
    const { as: user, ...rest } = options
    return createInformer(this.client, ConfigMap, { ...this.sharing(user), ...rest })
  }

  /** The options of an informer that shares its feed as a user. */
  sharing(user = 'alice') {
    const feed = this.#feeds.get(user) ?? feedOver(this.platform, { user })
    this.#feeds.set(user, feed)
    return {
      clock: this.realm.clockOver(this.#browser.world.clock),
      random: () => 0.5,
      onWake: (listener: (wake: Wake) => void) => added(this.#wakes, listener),
      onError: (error: unknown) => void this.errors.push(error),
      onEvent: (event: InformerEvent) => void this.events.push(event.type === 'owner' ? `${event.type} ${event.change}` : event.type),
      feed,
    } satisfies InformerOptions<ConfigMap>
  }

  /** Logs the user out, as `forget` does. */
  async forget(user = 'alice'): Promise<void> {
    const to = this.#browser.persister(this.realm)
    await forgetOver((listener) => this.platform.broadcast(listener), this.client, { user, persister: to })
  }

  /** Delivers a message of another tab or of the channel. Frozen pages get it too, as in Chromium. */
  hear(message: Broadcast, from: unknown): void {
    if (!this.realm.isDead) for (const listener of this.#channels) if (listener !== from) listener(structuredClone(message))
  }

  page(event: 'hidden' | 'frozen' | 'shown'): void {
    for (const listener of this.#pages) listener(event)
  }
  wake(wake: Wake): void {
    for (const listener of this.#wakes) listener(wake)
  }
}

/** A member of a BroadcastChannel. Its messages are clones, in order. */
class FakeChannel implements ChannelLike {
  onmessage: ChannelLike['onmessage'] = null
  readonly name: string
  readonly realm: Realm
  readonly #browser: FakeBrowser

  constructor(name: string, realm: Realm, browser: FakeBrowser) {
    this.name = name
    this.realm = realm
    this.#browser = browser
  }

  postMessage(message: unknown): void {
    if (this.realm.isDead) return
    const data: unknown = structuredClone(message)
    for (const other of this.#browser.channels)
      if (other !== this && other.name === this.name) this.#browser.later(() => other.realm.run(() => other.onmessage?.({ data })))
  }
  close(): void {
    this.#browser.channels.delete(this)
    this.onmessage = null
  }
}

/** Options of a {@link FakeBrowser}. */
export interface FakeBrowserOptions {
  /** The delay of messages in milliseconds; default none. */
  delay?: (() => number) | undefined
  /** Whether the browser has Web Locks; default true. */
  hasLocks?: boolean | undefined
  world?: World | undefined
}

/** A browser, and a fake API server that it reaches. */
export class FakeBrowser {
  readonly world: World
  readonly owners: FakeOwner[] = []
  readonly storage: MemoryStorage = new Map()
  /** The lists and watches that reached the server, without those of checks. */
  readonly upstream: string[] = []
  readonly tabs: FakeTab[] = []
  readonly channels: Set<FakeChannel> = new Set()
  /** The waiters for each exclusive lock; the first one holds it. */
  readonly #queues = new Map<string, { readonly realm: Realm; readonly onHeld: () => void }[]>()
  sent = 0
  /** Why a SharedWorker cannot be started. */
  refusal: string | undefined
  /** Whether SharedWorkers never start, without an error. */
  isSilent = false
  /** The error of every commit. */
  storageError: Error | undefined
  /** Whether new SharedWorkers hang from the beginning. */
  startsFrozen = false
  /** Called after a tab has given a parcel of its objects to an owner. */
  onParcel: ((tab: FakeTab) => void) | undefined
  readonly #options: FakeBrowserOptions
  readonly #locks = new Map<string, { readonly realm: Realm; onFree: () => void }[]>()
  #ids = 0
  #lastDelivery = 0

  constructor(names: readonly string[], options: FakeBrowserOptions = {}) {
    this.world = options.world ?? new World(names)
    this.#options = options
  }

  open(options?: ConstructorParameters<typeof FakeTab>[1], build?: string): FakeTab {
    const tab = new FakeTab(this, options, build)
    this.tabs.push(tab)
    return tab
  }

  /** Ends a tab without a word, as a crash of its process does. */
  crash(tab: FakeTab): void {
    tab.realm.kill()
    this.tabs.splice(this.tabs.indexOf(tab), 1)
    for (const channel of this.channels) if (channel.realm.isDead) this.channels.delete(channel)
    for (const owner of this.owners) if (owner.realm.isDead) this.kill(owner)
    for (const queue of this.#queues.values()) for (const own of [...queue]) if (own.realm === tab.realm) this.#leaveQueue(queue, own)
  }

  /** The SharedWorker that new tabs connect to. */
  get owner(): FakeOwner {
    const owner = this.owners.findLast(({ realm }) => !realm.isDead)
    if (!owner) throw new Error('no SharedWorker runs')
    return owner
  }

  connect(tab: FakeTab, name: string, build: string, onRefused: (why: string) => void): FakePort {
    const [own, theirs] = this.channel(tab.realm, tab.realm)
    const { refusal } = this
    if (refusal) this.later(() => tab.realm.run(() => onRefused(refusal)))
    else if (!this.isSilent) {
      const host =
        this.owners.find((each) => each.name === name && each.build === build && !each.realm.isDead) ?? this.#start(name, undefined, build)
      theirs.realm = host.realm
      host.ports.push(theirs)
      this.later(() => host.realm.run(() => host.owner.connect(theirs)))
    }
    return own
  }

  joinChannel(realm: Realm, name: string): FakeChannel {
    const channel = new FakeChannel(name, realm, this)
    this.channels.add(channel)
    return channel
  }

  /** Waits for an exclusive lock and holds it. */
  holdLock(realm: Realm, name: string, onHeld: () => void): () => void {
    if (this.#options.hasLocks === false) throw new Error('this page has no Web Locks')
    const queue = this.#queues.get(name) ?? []
    this.#queues.set(name, queue)
    const own = { realm, onHeld: once(onHeld) }
    queue.push(own)
    if (queue.length === 1) this.later(() => this.#grant(queue))
    return () => this.#leaveQueue(queue, own)
  }

  #leaveQueue(
    queue: { readonly realm: Realm; readonly onHeld: () => void }[],
    own: { readonly realm: Realm; readonly onHeld: () => void },
  ): void {
    const at = queue.indexOf(own)
    if (at < 0) return
    queue.splice(at, 1)
    if (at === 0) this.later(() => this.#grant(queue))
  }

  #grant([first]: readonly { readonly realm: Realm; readonly onHeld: () => void }[]): void {
    first?.realm.run(first.onHeld)
  }

  /** Starts the Worker of a tab that leads. It stops and ends with its tab. */
  startLeader(name: string, tab: Realm): FakeOwner {
    const host = this.#start(name, new Realm(tab))
    const { realm, owner } = host
    this.later(() =>
      realm.run(() =>
        acceptTabs(
          name,
          (each) => this.joinChannel(realm, each),
          (port) => owner.connect(port),
        ),
      ),
    )
    return host
  }

  #start(name: string, realm: Realm = new Realm(), build = ''): FakeOwner {
    const id = `owner-${++this.#ids}`
    const owner: Owner = new Owner({
      name,
      id,
      lock: this.#options.hasLocks === false ? undefined : id,
      clock: realm.clockOver(this.world.clock),
      random: () => 0.5,
      fetch: (request: Request) => this.request(request, realm),
      onWake: () => () => undefined,
      persisterOf: () => this.persister(realm),
      onServe: () => {
        host.isServing = true
      },
      newestGeneration: async () => this.#newestGeneration(name),
      onEnd: () => this.kill(host),
    })
    const host: FakeOwner = { name, build, id, realm, owner, ports: [], isServing: false }
    this.owners.push(host)
    if (this.startsFrozen) realm.freeze()
    return host
  }

  /** Restarts the SharedWorker silently, on the same ports, as WebKit does when its process has gone. */
  restart(): void {
    const { name, build, realm, ports } = this.owner
    realm.kill()
    const next = this.#start(name, undefined, build)
    for (const port of ports) {
      port.realm = next.realm
      next.ports.push(port)
      this.later(() => next.realm.run(() => next.owner.connect(port)))
    }
  }

  /** Counts a parcel that a tab gives to an owner. */
  gave(realm: Realm): void {
    const tab = this.tabs.find((each) => each.realm === realm)
    if (!tab) return
    tab.given++
    this.onParcel?.(tab)
  }

  /** Sends a request of a thread. Those of a dead thread are cut. */
  request(request: Request, realm: Realm): Promise<Response> {
    const { search, searchParams } = new URL(request.url)
    if (!isProbe(new URL(request.url)))
      this.upstream.push(searchParams.get('watch') ? (searchParams.has('sendInitialEvents') ? 'stream' : 'watch') : `list${search}`)
    const signal = AbortSignal.any([request.signal, realm.signal])
    return this.world.fetch(new Request(request, { signal }))
  }

  /** Storage as a thread sees it: a dead one reaches it no more. */
  persister(realm: Realm = new Realm()): Persister {
    const { load, commit, clear } = memoryPersister(this.storage)
    const alive =
      <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
      (...args: A): Promise<R> =>
        realm.isDead ? new Promise(() => undefined) : call(...args)
    return {
      load: alive(load),
      commit: alive(async (...args) => {
        if (this.storageError) throw this.storageError
        await commit(...args)
      }),
      clear: alive(clear),
      portable: { database: 'test' },
    }
  }

  /** What `locks.query()` tells an owner. */
  #newestGeneration(name: string): number {
    const prefix = name.slice(0, -1)
    const others = this.#options.hasLocks === false ? [] : this.owners
    const serving = others.filter((each) => each.isServing && !each.realm.isDead && each.name.startsWith(prefix))
    return Math.max(generationOf(name), ...serving.map((each) => generationOf(each.name)))
  }

  /** The stored states. */
  storedStates(): { readonly resourceVersion: string; readonly records: readonly { readonly text: string }[] }[] {
    return [...this.storage.values()].flatMap(({ resourceVersion, texts }) =>
      resourceVersion === undefined ? [] : { resourceVersion, records: Array.from(texts.values(), (text) => ({ text })) },
    )
  }

  /** Kills the thread of an owner: its locks are granted to those who wait. */
  kill(owner: FakeOwner = this.owner): void {
    owner.realm.kill()
    for (const { realm, onFree } of this.#locks.get(owner.id) ?? []) this.later(() => realm.run(onFree))
    this.#locks.delete(owner.id)
  }

  awaitLock(realm: Realm, name: string, onFree: () => void): () => void {
    const waiting = { realm, onFree }
    if (this.owners.some(({ id, realm: { isDead } }) => id === name && isDead)) this.later(() => realm.run(() => waiting.onFree()))
    else this.#locks.set(name, [...(this.#locks.get(name) ?? []), waiting])
    return () => {
      waiting.onFree = () => undefined
      this.#locks.set(
        name,
        (this.#locks.get(name) ?? []).filter((each) => each !== waiting),
      )
    }
  }

  /** The number of locks for which a tab waits. */
  waiters(tab: FakeTab | undefined): number {
    return [...this.#locks.values()].flat().filter(({ realm }) => realm === tab?.realm).length
  }

  broadcast(message: Broadcast, from?: unknown): void {
    for (const tab of this.tabs) this.later(() => tab.hear(message, from))
    for (const { realm, owner } of this.owners) this.later(() => realm.run(() => owner.hear(message)))
  }

  channel(a: Realm, b: Realm): [FakePort, FakePort] {
    const [one, two] = [new FakePort(a, this), new FakePort(b, this)]
    one.other = two
    two.other = one
    return [one, two]
  }

  /** Runs a task of the browser's: in order, after a delay. */
  later(task: () => void): void {
    const delay = this.#options.delay?.() ?? 0
    const { clock } = this.world
    // Messages keep their order.
    this.#lastDelivery = Math.max(this.#lastDelivery, clock.now() + delay)
    if (this.#lastDelivery <= clock.now()) queueMicrotask(task)
    else clock.setTimeout(task, this.#lastDelivery - clock.now())
  }

  /** Advances virtual time until a condition holds, by a minute at most. */
  async until(what: () => string, condition: () => boolean, maxMs = 60_000): Promise<void> {
    for (let waited = 0; waited < maxMs; waited += 25) {
      for (let turn = 0; turn < 4; turn++) {
        if (condition()) return
        await this.world.settle()
      }
      await this.world.advance(25)
    }
    throw new Error(`${maxMs / 1_000} s of virtual time passed without ${what()}`)
  }

  /** Waits until informers are live and have the state of the server. */
  async caughtUp(...informers: readonly SharedInformer<ConfigMap>[]): Promise<void> {
    for (const informer of informers) {
      const stateOf = () => briefState(informer.indexer.list())
      const what = () => `${this.world.state} rather than ${stateOf()} (${informer.state})`
      await this.until(what, () => informer.state === 'live' && stateOf() === this.world.state)
    }
  }
}

function added<T>(set: Set<T>, item: T): () => void {
  set.add(item)
  return () => void set.delete(item)
}

/** A stored state, in short: `a@101 b@102`. */
export function briefRecords(records: readonly { readonly text: string }[]): string {
  return records
    .map(({ text }) => (JSON.parse(text) as ConfigMap).metadata)
    .map(({ name, resourceVersion }) => `${name}@${resourceVersion}`)
    .sort()
    .join(' ')
}
