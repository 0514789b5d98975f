import { describe, expect } from 'vitest'
import type { KubeClientOptions } from '../../src/http/client'
import { createRelay } from '../../src/relay'
import { ConfigMap } from '../../src/resources/core/v1'
import type { EntryClient } from '../../src/source/list-watch'
import { startConnection } from '../worker/support'
import { conformance, refusedStreamConformance } from './cases'
import { informerConformance } from './informer-cases'
import type { Fetch } from './page'
import type { Target } from './target'
import { World } from './world'

/** The fake server, in virtual time. */
class FakeTarget extends World implements Target {
  async until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    for (let waited = 0; waited < 600_000; waited += 50) {
      await this.settle()
      if (await condition()) return
      await this.advance(50)
    }
    throw new Error(`waited ten minutes of virtual time for ${what}, in vain`)
  }

  override async expire(): Promise<void> {
    super.expire()
  }

  async restart({ watchList = this.server.watchList }: { watchList?: 'supported' | 'refused' } = {}): Promise<void> {
    this.server.watchList = watchList
    this.server.restart()
  }
}

/** The same, read by a Worker. */
class FarTarget extends FakeTarget {
  client(options: KubeClientOptions): EntryClient {
    return startConnection(options, this.clock).client
  }
}

/** The same, read through a relay. */
class RelayTarget extends FakeTarget {
  #relay = this.#start()

  override get fetch(): Fetch {
    return (request) => this.#relay.fetch(request)
  }

  override async expire(): Promise<void> {
    await super.expire()
    // A relay that starts without storage knows no earlier event.
    await this.#restartRelay()
  }

  override async restart(options?: { watchList?: 'supported' | 'refused' }): Promise<void> {
    await super.restart(options)
    await this.#restartRelay()
  }

  /** The relay itself keeps a request open, and has timers. */
  override expectNothingLeft(): void {
    expect(this.#relay.status.map(({ watchers }) => watchers)).toEqual([0])
    expect(this.server.openRequests.map(({ verb }) => verb)).toEqual(['watch'])
  }

  #start() {
    const { baseUrl, clock, server } = this
    const client = { baseUrl, fetch: server.fetch, clock }
    return createRelay({ client, resources: [ConfigMap], authorize: 'none', clock, random: () => 0.5, onError: () => undefined })
  }

  async #restartRelay(): Promise<void> {
    const closed = this.#relay.close()
    await this.settle()
    await closed
    this.#relay = this.#start()
    await this.settle()
  }
}

describe('the fake API server', () => {
  const target = new FakeTarget()
  conformance(() => target)
  refusedStreamConformance(() => target)
  informerConformance(() => target)
})

describe('the fake API server, read by a Worker', () => {
  const target = new FarTarget()
  conformance(() => target)
  refusedStreamConformance(() => target)
})

describe('the fake API server, read through a relay', () => {
  const target = new RelayTarget()
  conformance(() => target)
  informerConformance(() => target)
})
