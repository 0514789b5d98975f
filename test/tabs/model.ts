// Random schedules for the tabs of one browser: what tabs, owners, the browser and the server do, checked against the server's history.

import fc from 'fast-check'
import { expect, vi } from 'vitest'
import type { SharedInformer } from '../../src/informer/shared-informer'
import { ConfigMap, Secret } from '../../src/resources/core/v1'
import { MAX_MOVES } from '../../src/tabs/owner-state'
import { createRandom } from '../../src/testing/random'
import { briefState } from '../conformance/brief'
import { World } from '../conformance/world'
import { briefRecords, FakeBrowser, type FakeOwner, type FakeTab } from './fake-browser'

const name = fc.constantFrom('a', 'b', 'c', 'd')
const tab = fc.nat(3)

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom('put' as const, 'delete' as const, 'recreate' as const), name }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 10, 40, 100, 300, 1_000, 6_000, 20_000) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('kill' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('hang' as const), ms: fc.constantFrom(500, 4_000, 20_000) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('open' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom<TabAction['do']>('close', 'crash', 'freeze', 'thaw', 'hide', 'show', 'online'), tab }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('elsewhere' as const, 'compact' as const, 'disconnect' as const, 'refuse' as const) }),
  },
)

/** A step of a schedule. */
export type Action =
  | { readonly do: 'put' | 'delete' | 'recreate'; readonly name: string }
  | { readonly do: 'wait'; readonly ms: number }
  /** The process of every owner ends, as in WebKit silently on the same ports, or hangs. */
  | { readonly do: 'kill' | 'restart' }
  | { readonly do: 'hang'; readonly ms: number }
  | { readonly do: 'open' }
  | TabAction
  | { readonly do: 'elsewhere' | 'compact' | 'disconnect' | 'refuse' }

interface TabAction {
  readonly do: 'close' | 'crash' | 'freeze' | 'thaw' | 'hide' | 'show' | 'online'
  readonly tab: number
}

/** Random schedules. */
export const schedule = fc.array(action, { maxLength: 30 })

/** Random browsers. */
export const setup = fc.record({
  seed: fc.nat(),
  maxDelayMs: fc.constantFrom(0, 0, 5, 30),
  hasLocks: fc.boolean(),
  hasSharedWorker: fc.constantFrom(true, true, false),
  persists: fc.boolean(),
})

/** The browser of a schedule. */
export type Setup = typeof setup extends fc.Arbitrary<infer S> ? S : never

/** Long enough for every wait of tabs, owners and reflectors after the last fault. */
const QUIET_MS = 150_000

interface Opened {
  readonly tab: FakeTab
  readonly informer: SharedInformer<ConfigMap>
  /** The highest version of the store. */
  version: number
  isFrozen: boolean
  isHidden: boolean
}

/** Plays a schedule and checks each step. */
export class Simulation {
  readonly #browser: FakeBrowser
  readonly #world: World
  readonly #persists: boolean
  readonly #hasLocks: boolean
  /** The states of the server in the order of their versions. */
  readonly #history: { readonly version: number; readonly state: string }[] = []
  readonly #violations: string[] = []
  #opened: Opened[] = []

  constructor({ seed, maxDelayMs, hasLocks, hasSharedWorker, persists }: Setup) {
    const random = createRandom(seed).next
    this.#world = new World(['a', 'b'])
    this.#browser = new FakeBrowser([], { world: this.#world, hasLocks, delay: () => Math.floor(random() * (maxDelayMs + 1)) })
    // Without locks no tab can lead.
    if (!hasSharedWorker && hasLocks) this.#browser.refusal = 'this browser has no SharedWorker'
    this.#persists = persists
    this.#hasLocks = hasLocks
    // For tabs that are alone.
    vi.stubGlobal('fetch', this.#world.fetch)
    this.#record()
  }

  async run(actions: readonly Action[]): Promise<void> {
    this.#open()
    this.#open()
    for (const each of actions) {
      await this.#perform(each)
      this.#check(each)
    }
    await this.#quieten()
  }

  async #perform(each: Action): Promise<void> {
    const { server } = this.#world
    switch (each.do) {
      case 'put':
        return this.#put(each.name)
      case 'delete':
        return this.#delete(each.name)
      case 'recreate':
        this.#delete(each.name)
        return this.#put(each.name)
      case 'wait':
        return this.#world.advance(each.ms)
      case 'kill':
        for (const owner of this.#running()) this.#browser.kill(owner)
        return
      case 'restart':
        if (this.#browser.refusal === undefined && this.#running().length > 0) this.#browser.restart()
        return
      case 'hang':
        return this.#hang(each.ms)
      case 'open':
        if (this.#opened.length < 4) this.#open()
        return
      case 'elsewhere':
        server.create(Secret, { metadata: { generateName: 'elsewhere-', namespace: 'shop' } })
        return this.#record()
      case 'compact':
      case 'disconnect':
        return server[each.do]()
      case 'refuse':
        return void server.faults.add({ fault: { type: 'status', status: 503 }, times: 2 })
      default:
        return this.#performOn(each)
    }
  }

  async #performOn(each: TabAction): Promise<void> {
    const opened = this.#opened[each.tab]
    if (!opened) return
    const { tab, informer } = opened
    switch (each.do) {
      case 'close':
        this.#opened = this.#opened.filter((other) => other !== opened)
        return informer.close()
      case 'crash':
        this.#opened = this.#opened.filter((other) => other !== opened)
        // The requests of a tab that is alone are not the fake browser's to cut.
        return informer.status.tabs?.role === 'alone' ? informer.close() : this.#browser.crash(tab)
      case 'freeze':
        if (opened.isFrozen || opened.isHidden) return
        opened.isFrozen = true
        tab.page('frozen')
        return tab.realm.freeze()
      case 'hide':
        if (opened.isFrozen || opened.isHidden) return
        opened.isHidden = true
        tab.page('hidden')
        return tab.realm.freeze()
      case 'thaw':
      case 'show':
        return this.#thaw(opened)
      case 'online':
        if (!opened.isFrozen && !opened.isHidden) tab.wake('online')
    }
  }

  #thaw(opened: Opened): void {
    if (!opened.isFrozen && !opened.isHidden) return
    opened.isFrozen = false
    opened.isHidden = false
    opened.tab.realm.thaw()
    opened.tab.page('shown')
    opened.tab.wake('resume')
  }

  async #hang(ms: number): Promise<void> {
    const hung = this.#running()
    for (const { realm } of hung) realm.freeze()
    await this.#world.advance(ms)
    for (const { realm } of hung) realm.thaw()
  }

  #running(): FakeOwner[] {
    return this.#browser.owners.filter(({ realm }) => !realm.isDead)
  }

  #open(): void {
    const tab = this.#browser.open()
    const informer = tab.inform(this.#persists ? { persist: { to: this.#browser.persister(tab.realm) } } : {})
    const opened: Opened = { tab, informer, version: 0, isFrozen: false, isHidden: false }
    this.#opened.push(opened)
    // What the store has at each of its updates, not only between two steps.
    informer.indexer.subscribe(() => this.#checkStore(opened))
  }

  #put(name: string): void {
    if (this.#world.server.get(ConfigMap, { namespace: 'shop', name })) this.#world.update(name)
    else this.#world.create(name)
    this.#record()
  }

  #delete(name: string): void {
    if (!this.#world.server.get(ConfigMap, { namespace: 'shop', name })) return
    this.#world.delete(name)
    this.#record()
  }

  #record(): void {
    this.#history.push({ version: Number(this.#world.server.resourceVersion), state: this.#world.state })
  }

  #stateAt(version: number): string | undefined {
    return this.#history.findLast((each) => each.version <= version)?.state
  }

  #checkStore(opened: Opened): void {
    const { resourceVersion } = opened.informer.indexer
    if (resourceVersion === '') return
    const version = Number(resourceVersion)
    if (version < opened.version) this.#violations.push(`T2: a store went from ${opened.version} back to ${version}`)
    opened.version = version
    const state = briefState(opened.informer.indexer.list())
    const expected = this.#stateAt(version)
    if (state !== expected) this.#violations.push(`T3: a store has "${state}" at ${version}, where the server had "${expected}"`)
  }

  #check(each: Action): void {
    for (const opened of this.#opened) this.#checkStore(opened)
    for (const { resourceVersion, records } of this.#browser.storedStates()) {
      const expected = this.#stateAt(Number(resourceVersion))
      if (briefRecords(records) !== expected)
        this.#violations.push(`T6: "${briefRecords(records)}" is stored at ${resourceVersion}, where the server had "${expected}"`)
    }
    expect(this.#violations, `after ${JSON.stringify(each)}`).toEqual([])
  }

  async #quieten(): Promise<void> {
    this.#world.server.faults.clear()
    for (const opened of this.#opened) this.#thaw(opened)
    await this.#world.advance(QUIET_MS)
    this.#put('a')
    await this.#world.advance(5_000)
    this.#check({ do: 'wait', ms: 0 })
    for (const { informer } of this.#opened) {
      expect(informer.state).toBe('live')
      expect(briefState(informer.indexer.list())).toBe(this.#world.state)
    }
    const alone = this.#opened.filter(({ informer }) => informer.status.tabs?.role === 'alone').length
    const owners = new Set(this.#opened.flatMap(({ informer }) => informer.status.tabs?.owner ?? []))
    // T1: one owner for all tabs that share, and one watch upstream for it and for each tab that is alone. Tabs that no SharedWorker greeted
    // for 10 s are led by one of them. Without locks an owner that starts after others were left does not know of the last one.
    const ways = new Set(this.#opened.map(({ informer }) => informer.status.tabs?.role === 'shared'))
    expect(owners.size).toBeLessThanOrEqual(this.#hasLocks ? ways.size : ways.size + MAX_MOVES)
    expect(this.#world.server.openRequests).toHaveLength(owners.size + alone)
  }
}
