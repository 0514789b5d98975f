// A cluster behind a relay.
import type { Resource } from '../../src/index'
import { createRelay } from '../../src/relay'
import { DaemonSet, Deployment, ReplicaSet } from '../../src/resources/apps/v1'
import { Job } from '../../src/resources/batch/v1'
import { ConfigMap, Event, Namespace, Node, Pod, Service } from '../../src/resources/core/v1'
import type { Cluster, Incident, RelayInfo } from './cluster.ts'
import type { ServedCounts } from './served-counts.ts'
import type { Upgrade } from './upgrades.ts'

const RESOURCES = [Pod, Node, Namespace, ConfigMap, Service, Event, Deployment, ReplicaSet, DaemonSet, Job] as readonly Resource[]

/** Serves a cluster through a relay. The troubles of the buttons happen behind the relay, so that pages do not notice them. */
export class RelayedCluster implements Cluster, AsyncDisposable {
  readonly #cluster: Cluster
  readonly #relay: ReturnType<typeof createRelay>

  constructor(cluster: Cluster) {
    this.#cluster = cluster
    const fetch = (request: Request) => cluster.fetch(request)
    // Everyone who reaches the playground may read its cluster.
    const client = { baseUrl: 'http://cluster.test', fetch }
    this.#relay = createRelay({ client, resources: RESOURCES, authorize: 'none', onError: () => undefined })
  }

  get name(): string {
    return this.#cluster.name
  }
  get changesPerSecond(): number | undefined {
    return this.#cluster.changesPerSecond
  }
  set changesPerSecond(rate: number | undefined) {
    this.#cluster.changesPerSecond = rate
  }
  get hasExtraKind(): boolean | undefined {
    return this.#cluster.hasExtraKind
  }
  set hasExtraKind(isDefined: boolean | undefined) {
    this.#cluster.hasExtraKind = isDefined
  }
  get failedNode(): string | undefined {
    return this.#cluster.failedNode
  }
  get served(): ServedCounts {
    return this.#cluster.served
  }
  get isBusy(): boolean | undefined {
    return this.#cluster.isBusy
  }
  get relay(): RelayInfo {
    const { status } = this.#relay
    const upstream = status.filter(({ state }) => state === 'live').length
    return { upstream, served: status.reduce((sum, { watchers }) => sum + watchers, 0) }
  }

  fetch(request: Request): Promise<Response> {
    return this.#relay.fetch(request)
  }
  /** Passes a WebSocket on to the cluster, because a relay serves lists and watches only. */
  upgrade(upgrade: Upgrade, path: string): void {
    if (this.#cluster.upgrade) this.#cluster.upgrade(upgrade, path)
    else upgrade.socket.destroy()
  }
  cut(): void {
    this.#cluster.cut()
  }
  expire(): void {
    this.#cluster.expire()
  }
  rollOut(): Incident | undefined {
    return this.#cluster.rollOut()
  }
  toggleNode(): Incident | undefined {
    return this.#cluster.toggleNode()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#relay.close()
  }
}
