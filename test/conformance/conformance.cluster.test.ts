import { expect } from 'vitest'
import { systemClock } from '../../src/internal/clock'
import { ConfigMap } from '../../src/resources/core/v1'
import type { Cluster } from '../cluster/cluster.ts'
import { until } from '../cluster/component.ts'
import { describeCluster } from '../cluster/suite.ts'
import { conformance, refusedStreamConformance } from './cases'
import { informerConformance } from './informer-cases'
import type { Target } from './target'

/** A real API server, in real time, through `kubectl proxy`. */
class RealTarget implements Target {
  readonly clock = systemClock
  readonly fetch = (request: Request): Promise<Response> => fetch(request)
  readonly #cluster: Cluster

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  get baseUrl(): string {
    return this.#cluster.proxyUrl
  }

  async until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    await until(what, async () => (await condition()) || undefined)
  }

  async settle(): Promise<void> {}

  /** The server's own count of the watches it serves in single namespaces: besides the pages' there is one of its own, in `kube-system`. */
  async expectNothingLeft(): Promise<void> {
    const pattern = new RegExp(`^apiserver_longrunning_requests\\{.*resource="${ConfigMap.plural}",scope="namespace".*\\} (\\d+)$`, 'gm')
    await this.until('the watches to be gone', async () => {
      const metrics = await (await fetch(`${this.baseUrl}/metrics`)).text()
      expect(metrics).toContain('apiserver_longrunning_requests{')
      return [...metrics.matchAll(pattern)].every(([, count]) => Number(count) <= 1)
    })
  }

  async expire(): Promise<void> {
    await this.#cluster.kubectl(['create', 'configmap', `expiry-${performance.now()}`])
    await this.restart()
    await this.#cluster.compact()
  }

  async restart({ watchList }: { watchList?: 'supported' | 'refused' } = {}): Promise<void> {
    const apiServerFlags = watchList && [`--feature-gates=WatchList=${watchList === 'supported'}`]
    await this.#cluster.restartApiServer(apiServerFlags ? { apiServerFlags } : {})
  }
}

describeCluster('the real API server', (cluster) => {
  let target: RealTarget | undefined
  const ofSuite = () => (target ??= new RealTarget(cluster()))
  conformance(ofSuite)
  refusedStreamConformance(ofSuite)
  informerConformance(ofSuite)
})
