import { expect } from 'vitest'
import type { KubeObject } from '../../src/api/object'
import { ConfigMap, Secret } from '../../src/resources/core/v1'
import { FakeApiServer, type FakeApiServerOptions, VirtualClock } from '../../src/testing'
import type { Fetch, PageHost } from './page'

/** The version before a world's first object: objects are 101, 102, … in the order in which they were made. */
const FIRST_VERSION = 100
// A fake server makes two namespaces for itself.
const OWN_OBJECTS = 2

/** What an object of a test may have. */
export type ObjectParts = Pick<ConfigMap, 'data'> & Pick<KubeObject['metadata'], 'labels' | 'annotations' | 'managedFields'>

/** A fake API server in virtual time, with configmaps in the namespace `shop` that are known by their names. */
export class World implements PageHost {
  readonly baseUrl: string = 'http://kubernetes.test'
  readonly clock: VirtualClock = new VirtualClock(0)
  readonly server: FakeApiServer
  #changes = 0

  /** @param names the objects there are from the beginning. */
  constructor(names: readonly string[] = [], options: Omit<FakeApiServerOptions, 'clock'> = {}) {
    let uids = 0
    this.server = new FakeApiServer({
      clock: this.clock,
      resourceVersion: FIRST_VERSION - OWN_OBJECTS,
      uid: () => `uid-${uids++}`,
      ...options,
    })
    for (const name of names) this.create(name)
  }

  get fetch(): Fetch {
    return this.server.fetch
  }

  create(name: string, parts?: ObjectParts): ConfigMap {
    return this.server.create(ConfigMap, this.object(name, parts))
  }

  /** Changes an object; without `parts` in some way or other. */
  update(name: string, parts?: ObjectParts): ConfigMap {
    return this.server.update(ConfigMap, this.object(name, parts))
  }

  /** Changes another resource, which takes the next version: bookmarks come only once something is newer than a watch's start. */
  changeElsewhere(): void {
    this.server.create(Secret, { metadata: { generateName: 'elsewhere-', namespace: 'shop' } })
  }

  delete(name: string): void {
    this.server.delete(ConfigMap, { namespace: 'shop', name })
  }

  /** An object that was never on the server, and differs from all others. */
  object(name: string, { data = { change: String(++this.#changes) }, ...metadata }: ObjectParts = {}): ConfigMap {
    return { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name, namespace: 'shop', ...metadata }, data }
  }

  /** Forgets all past events, and so much has happened since the last of them that no watch can resume. */
  expire(): void {
    this.create('expiry')
    this.delete('expiry')
    this.server.compact()
  }

  advance(ms: number): Promise<void> {
    return this.clock.advance(ms)
  }

  settle(): Promise<void> {
    return this.clock.settle()
  }

  expectNothingLeft(): void {
    expect({ openRequests: this.server.openRequests.map(({ url }) => url), timers: this.clock.pending }).toEqual({
      openRequests: [],
      timers: 0,
    })
  }

  /** What the server has, in short: `a@101 b@102`. */
  get state(): string {
    return this.server
      .list(ConfigMap)
      .map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`)
      .join(' ')
  }
}
