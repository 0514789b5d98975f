import { describe } from 'vitest'
import type { KubeClientOptions } from '../../src/http/client'
import type { EntryClient } from '../../src/source/list-watch'
import { startConnection } from '../worker/support'
import { conformance } from './cases'
import { informerConformance } from './informer-cases'
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

describe('the fake API server', () => {
  const target = new FakeTarget()
  conformance(() => target)
  informerConformance(() => target)
})

describe('the fake API server, read by a Worker', () => {
  const target = new FarTarget()
  conformance(() => target)
})
