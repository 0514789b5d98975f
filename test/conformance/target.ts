import type { KubeList } from '../../src/api/object'
import { ConfigMap } from '../../src/resources/core/v1'
import { Page, type PageHost, type PageOptions } from './page'

/** An API server, fake or real, that the same cases are run against. */
export interface Target extends PageHost {
  /** Waits for a condition, by the clock of the target. */
  until(what: string, condition: () => boolean | Promise<boolean>): Promise<void>
  /** Makes everything up to now too old: a watch or a continued list from before is told 410. */
  expire(): Promise<void>
  /** Starts the server again; it may serve streamed lists afterwards, or refuse them. */
  restart(options?: { watchList?: 'supported' | 'refused' }): Promise<void>
}

/** What an object of a case may have. */
type Parts = Pick<ConfigMap, 'data'> & { labels?: Record<string, string> }

/** A namespace of its own, and the configmaps in it. */
export class Place {
  readonly target: Target
  readonly namespace: string

  private constructor(target: Target, namespace: string) {
    this.target = target
    this.namespace = namespace
  }

  static async create(target: Target, namespace: string, names: readonly string[] = []): Promise<Place> {
    const place = new Place(target, namespace)
    await place.#send('POST', '/api/v1/namespaces', { kind: 'Namespace', apiVersion: 'v1', metadata: { name: namespace } })
    for (const name of names) await place.create(name)
    return place
  }

  /** A page that reads this namespace. Its waits are short, for real time's sake. */
  page({ listWatch, ...options }: PageOptions = {}): Page {
    return new Page(this.target, { backoff: { initialMs: 50 }, ...options, listWatch: { namespace: this.namespace, ...listWatch } })
  }

  /** @returns the object's version, as for the other changes. */
  create(name: string, parts?: Parts): Promise<string> {
    return this.#write('POST', '', this.#object(name, parts))
  }
  update(name: string, parts?: Parts): Promise<string> {
    return this.#write('PUT', `/${name}`, this.#object(name, parts))
  }
  async delete(name: string): Promise<void> {
    await this.#send('DELETE', `${this.#collection}/${name}`)
  }

  /** What the server has. */
  list(): Promise<KubeList<ConfigMap>> {
    return this.#send('GET', this.#collection)
  }

  async resourceVersion(): Promise<string> {
    return (await this.list()).metadata.resourceVersion ?? ''
  }

  /** What a store should hold: the items of a list lack what a watch's objects have, and stores leave managedFields out. */
  async objects(): Promise<ConfigMap[]> {
    const { items } = await this.list()
    return items.map(({ metadata: { managedFields: _, ...metadata }, ...object }) => ({
      ...object,
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata,
    }))
  }

  /** Whether a page shows what the server has. */
  async isSame(page: Page): Promise<boolean> {
    const versions = (objects: readonly ConfigMap[]) =>
      objects
        .map(({ metadata }) => `${metadata.uid} ${metadata.resourceVersion}`)
        .sort()
        .join()
    return versions(await this.objects()) === versions(page.store.list().map(({ object }) => object))
  }

  #object(name: string, { labels, ...parts }: Parts = {}): ConfigMap {
    return {
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: { name, ...(labels && { labels }) },
      data: { change: String(Math.random()) },
      ...parts,
    }
  }

  async #write(method: string, path: string, object: ConfigMap): Promise<string> {
    const { metadata } = await this.#send<ConfigMap>(method, this.#collection + path, object)
    return metadata.resourceVersion ?? ''
  }

  get #collection(): string {
    return `/api/v1/namespaces/${this.namespace}/${ConfigMap.plural}`
  }

  async #send<T>(method: string, path: string, body?: object): Promise<T> {
    const init = { method, ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }) }
    const response = await this.target.fetch(new Request(this.target.baseUrl + path, init))
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as T
  }
}
