// A fake server with a page and its Workers, which reach the server by separate routes.

import { vi } from 'vitest'
import { KubeClient } from '../../src/http/client'
import { createInformer, type InformerOptions } from '../../src/informer/create-informer'
import type { SharedInformer } from '../../src/informer/shared-informer'
import { ConfigMap } from '../../src/resources/core/v1'
import { inWorker } from '../../src/worker/page/in-worker'
import { briefState, isProbe } from '../conformance/brief'
import { World } from '../conformance/world'
import { LocalWorker } from './support'

/** A fake server that records the requests of the main thread and of Workers separately. */
export class Site extends World {
  readonly here: string[] = []
  readonly there: string[] = []
  readonly reports: unknown[] = []
  readonly events: string[] = []
  readonly workers: LocalWorker[] = []

  constructor(names: readonly string[]) {
    super(names)
    vi.stubGlobal('fetch', (request: Request) => {
      this.#note(this.here, request)
      return this.fetch(request)
    })
  }

  #note(requests: string[], { url }: Request): void {
    if (!isProbe(new URL(url))) requests.push(new URL(url).search)
  }

  readonly startWorker = (): Worker => {
    const worker = new LocalWorker((request) => {
      this.#note(this.there, request)
      return this.fetch(request)
    })
    this.workers.push(worker)
    return worker.worker
  }

  client(): KubeClient {
    return new KubeClient({ baseUrl: this.baseUrl })
  }

  get options(): InformerOptions<ConfigMap> {
    return {
      clock: this.clock,
      random: () => 0.5,
      onWake: () => () => undefined,
      onError: (error) => void this.reports.push(error),
      onEvent: ({ type }) => void this.events.push(type),
      worker: inWorker(this.startWorker),
    }
  }

  inform(options: InformerOptions<ConfigMap> = {}, client = this.client()): SharedInformer<ConfigMap> {
    return createInformer(client, ConfigMap, { ...this.options, ...options })
  }

  /** Advances virtual time until a condition holds, by a minute at most. */
  async until(what: string, condition: () => boolean): Promise<void> {
    for (let waited = 0; waited < 60_000; waited += 50) {
      for (let turn = 0; turn < 10; turn++) await this.settle()
      if (condition()) return
      await this.advance(50)
    }
    throw new Error(`a minute of virtual time passed without ${what}`)
  }

  /** Waits until an informer is live and has the state of the server. */
  caughtUp(informer: SharedInformer<ConfigMap>): Promise<void> {
    const stateOf = () => briefState(informer.indexer.list())
    return this.until(`${this.state} rather than ${stateOf()}`, () => informer.state === 'live' && stateOf() === this.state)
  }
}
