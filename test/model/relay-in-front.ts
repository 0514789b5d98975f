// A relay between the pages of a simulation and the server. Every fault happens behind it.
import { expect } from 'vitest'
import { type MemoryStorage, memoryPersister } from '../../src/persistence/memory/memory-persister'
import { createRelay, type RelayEvent } from '../../src/relay'
import { ConfigMap } from '../../src/resources/core/v1'
import type { Fetch, PageHost } from '../conformance/page'
import type { World } from '../conformance/world'

/** Versions between two states of a relay, both excluded, whose changes the relay knows in sum only. */
interface Gap {
  readonly after: bigint
  until: bigint | undefined
}

/** A relay with storage. It serves watches across its restarts, and across relists of its own. */
export class RelayInFront implements PageHost {
  readonly #world: World
  readonly #random: () => number
  readonly #storage: MemoryStorage = new Map()
  readonly #gaps: Gap[] = []
  #relay: ReturnType<typeof createRelay>

  constructor(world: World, random: () => number) {
    this.#world = world
    this.#random = random
    this.#relay = this.#start()
  }

  get clock() {
    return this.#world.clock
  }
  get baseUrl() {
    return this.#world.baseUrl
  }
  get fetch(): Fetch {
    return (request) => this.#relay.fetch(request)
  }

  settle(): Promise<void> {
    return this.#world.settle()
  }

  /** The relay itself has requests and timers: a watch, a proof, a probe. */
  expectNothingLeft(): void {
    expect(this.#relay.status.map(({ watchers }) => watchers)).toEqual([0])
  }

  /** Whether a version is one at which watchers may see states that the server never had. */
  isInGap(resourceVersion: string): boolean {
    const version = BigInt(resourceVersion)
    return this.#gaps.some(({ after, until }) => version > after && (until === undefined || version < until))
  }

  /** Ends the relay and starts it again on its storage. */
  async restart(): Promise<void> {
    const closed = this.#relay.close()
    await this.settle()
    await closed
    this.#relay = this.#start()
    await this.settle()
  }

  #start() {
    const { clock, baseUrl, server } = this.#world
    return createRelay({
      client: { baseUrl, fetch: server.fetch, clock },
      resources: [ConfigMap],
      authorize: 'none',
      persist: { to: memoryPersister(this.#storage) },
      clock,
      random: this.#random,
      onError: () => undefined,
      onEvent: (event) => this.#observe(event),
    })
  }

  #observe(event: RelayEvent): void {
    if (event.type !== 'feed') return
    const { event: own } = event
    if (own.type === 'relist') this.#gaps.push({ after: BigInt(own.resourceVersion || 0), until: undefined })
    if (own.type === 'replaced') for (const gap of this.#gaps) gap.until ??= BigInt(own.resourceVersion)
  }
}
