import { expect } from 'vitest'
import type { UnparsedEntry } from '../../src/codec/entry'
import { type MemoryStorage, memoryPersister } from '../../src/persistence/memory/memory-persister'
import { ConfigMap, Secret } from '../../src/resources/core/v1'
import type { Backup } from '../../src/testing'
import { createRandom } from '../../src/testing/random'
import { Page } from '../conformance/page'
import { World } from '../conformance/world'
import { packAtOnce } from '../support/packing'
import { RelayInFront } from './relay-in-front'
import type { Action, Setup } from './schedule'

/** So long a page needs to notice a restore at the most: the longest silence of a watch, the longest wait, a list, a probe. */
const NOTICE_MS = 900_000
/** After so much time without a fault all is well: the longest silence of a watch, the longest waits, the longest list. */
const QUIET_MS = 1_500_000

/** Only two immediate retries may follow an attempt, and a watch the list that was one of them. */
const MAX_ATTEMPTS_AT_ONCE = 5

/** The server as pages reach it: directly, or through a relay. */
export type Path = 'direct' | 'relay'

/** A server and the pages of one browser, one after the other; every step is compared with what the server really had. */
export class Simulation {
  readonly #setup: Setup
  readonly #world: World
  readonly #storage: MemoryStorage = new Map()
  readonly #random: () => number
  // The states the server was in at a version: several, once it was restored from a backup.
  readonly #history = new Map<string, Set<string>>()
  readonly #violations: string[] = []
  // Which versions store and reflector have come to in this life.
  readonly #reached = new Map<string, bigint>()
  // Who may go back, once: the server was restored.
  readonly #mayFall = new Set<string>()
  #attempts = { at: 0, count: 0 }
  #backup: Backup
  #page: Page | undefined
  #elsewhere = 0
  readonly #relay: RelayInFront | undefined

  constructor(setup: Setup, path: Path = 'direct') {
    this.#setup = setup
    this.#random = createRandom(setup.seed).next
    this.#world = new World(['a', 'b'], { windowSize: setup.windowSize })
    this.#backup = this.#world.server.backup()
    this.#relay = path === 'relay' ? new RelayInFront(this.#world, this.#random) : undefined
    this.#record()
  }

  /** Lets everything happen, then quiet; finds out whether all was as it must be. */
  async run(schedule: readonly Action[]): Promise<void> {
    await this.#open()
    for (const action of schedule) {
      await this.#perform(action)
      this.#check(action)
    }
    await this.#quieten()
  }

  async #perform(action: Action): Promise<void> {
    const { server } = this.#world
    switch (action.do) {
      case 'put':
        return this.#put(action.name)
      case 'delete':
        return this.#delete(action.name)
      case 'recreate':
        this.#delete(action.name)
        return this.#put(action.name)
      case 'elsewhere':
        server.create(Secret, { metadata: { name: `elsewhere-${this.#elsewhere++}` } })
        return this.#record()
      case 'wait':
        return this.#world.advance(action.ms)
      case 'fault':
        return void server.faults.add(action)
      case 'backup':
        this.#backup = server.backup()
        return
      case 'restore':
        return this.#restore()
      case 'crash':
        await this.#page?.crash()
        await this.#relay?.restart()
        this.#expectNoRequest()
        return this.#open()
      case 'reopen':
        await this.#page?.close()
        this.#expectNoRequest()
        return this.#open()
      case 'watchList':
        server.watchList = action.support
        return
      default:
        return server[action.do]()
    }
  }

  /** After the end of a page. */
  #expectNoRequest(): void {
    if (this.#relay) this.#relay.expectNothingLeft()
    else expect(this.#world.server.openRequests.map(({ url }) => url)).toEqual([])
  }

  #put(name: string): void {
    const exists = this.#world.server.get(ConfigMap, { namespace: 'shop', name })
    if (exists) this.#world.update(name)
    else this.#world.create(name, { data: { text: 'Zoë 店舗 \u2028' } })
    this.#record()
  }

  #delete(name: string): void {
    if (!this.#world.server.get(ConfigMap, { namespace: 'shop', name })) return
    this.#world.delete(name)
    this.#record()
  }

  /** A restore takes versions back. Once they were given a second time nobody could tell, so the page is given the time to notice. */
  async #restore(): Promise<void> {
    const { server } = this.#world
    server.faults.clear()
    server.disconnect()
    server.restart(this.#backup)
    this.#record()
    for (const who of this.#reached.keys()) this.#mayFall.add(who)
    await this.#world.advance(NOTICE_MS)
    this.#mayFall.clear()
    expect(this.#page?.state).toBe(this.#world.state)
  }

  async #open(): Promise<void> {
    const { initialList, pageSize, relistPeriodMs, resyncPeriodMs } = this.#setup
    const page: Page = new Page(this.#relay ?? this.#world, {
      initialList,
      pageSize,
      relistPeriodMs,
      resyncPeriodMs,
      random: this.#random,
      persister: memoryPersister(this.#storage),
      onEvent: ({ type }) => type === 'attempt' && this.#countAttempt(page),
    })
    this.#page = page
    this.#attempts = { at: 0, count: 0 }
    this.#reached.clear()
    if (this.#setup.packing === 'forced') packAtOnce(page.store)
    page.store.subscribe(() => {
      const { resourceVersion } = page.store
      this.#climb('the store', resourceVersion)
      if (this.#relay?.isInGap(resourceVersion)) return
      if (!this.#history.get(resourceVersion)?.has(textOf(page.store.list())))
        this.#violations.push(`the store shows what the server never had at ${resourceVersion}: ${page.state}`)
    })
    page.reflector.subscribe(
      ({ lastSyncResourceVersion }) => lastSyncResourceVersion && this.#climb('the reflector', lastSyncResourceVersion),
    )
    await page.open()
  }

  /** A feed that never waits would keep the time from passing, and the test from ending. */
  #countAttempt(page: Page): void {
    const at = this.#world.clock.now()
    this.#attempts = { at, count: at === this.#attempts.at ? this.#attempts.count + 1 : 1 }
    if (this.#attempts.count <= MAX_ATTEMPTS_AT_ONCE) return
    this.#violations.push(`the reflector does not wait: ${page.requests.slice(-MAX_ATTEMPTS_AT_ONCE).join(', ')}`)
    void page.crash()
  }

  #climb(who: string, resourceVersion: string): void {
    const version = BigInt(resourceVersion)
    const before = this.#reached.get(who) ?? 0n
    if (version < before && !this.#mayFall.delete(who)) this.#violations.push(`${who} went back from ${before} to ${version}`)
    this.#reached.set(who, version)
  }

  #record(): void {
    const { server } = this.#world
    const states = this.#history.get(server.resourceVersion) ?? new Set()
    this.#history.set(server.resourceVersion, states)
    states.add(this.#serverText())
  }

  #serverText(): string {
    const objects = this.#world.server.list(ConfigMap)
    return textOf(objects.map((object) => ({ key: `shop/${object.metadata.name}`, text: JSON.stringify(object) })))
  }

  #check(action?: Action): void {
    expect({ after: action, violations: this.#violations }).toEqual({ after: action, violations: [] })
    for (const { resourceVersion, texts } of this.#storage.values()) {
      if (resourceVersion === undefined || this.#relay?.isInGap(resourceVersion)) continue
      const stored = textOf([...texts].map(([key, text]) => ({ key, text })))
      expect({
        after: action,
        resourceVersion,
        wasSo: this.#history.get(resourceVersion)?.has(stored),
      }).toMatchObject({ wasSo: true })
    }
  }

  async #quieten(): Promise<void> {
    const page = this.#page as Page
    this.#world.server.faults.clear()
    await this.#world.advance(QUIET_MS)
    // The server has just ended the watch in good order, perhaps.
    for (let i = 0; i < 60 && page.reflector.state !== 'live'; i++) await this.#world.advance(1000)
    this.#check()
    expect(page.reflector.status).toMatchObject({ state: 'live', hasSynced: true })
    expect(page.state).toBe(this.#world.state)
    expect(textOf(page.store.list())).toBe(this.#serverText())
    expect(page.persistence?.status).toBe('active')
    expect([...this.#storage.values()].map(({ resourceVersion }) => resourceVersion)).toEqual([page.store.resourceVersion])
    await page[Symbol.asyncDispose]()
  }
}

/** A state as one text, to compare. */
function textOf(entries: readonly Pick<UnparsedEntry, 'key' | 'text'>[]): string {
  return entries
    .map(({ key, text }) => `${key} ${text}`)
    .sort()
    .join('\n')
}
