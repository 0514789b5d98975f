// Knows the resources of the server, from the last visit and from discovery.
import { type KubeClient, type Resource, resourceName } from 'kubeflect'
import { type DiscoveredResource, type DiscoveredRoot, Discovery, watchDiscovery } from 'kubeflect/discovery'
import { Pod } from 'kubeflect/resources/core/v1'

/** The used part of `localStorage`. */
type Storage = Pick<globalThis.Storage, 'getItem' | 'setItem' | 'removeItem'>

/** The resources of a server: at once from the last visit, then from the server, and after each change. */
export class Catalog {
  readonly #client: KubeClient
  readonly #storage: Storage
  readonly #key: string
  #discovery: Discovery | undefined
  #error: unknown

  /** @param cluster identifies the cluster: the cache of one is never used for another. */
  constructor(client: KubeClient, { cluster, storage }: { cluster: string; storage: Storage }) {
    this.#client = client
    this.#storage = storage
    this.#key = `kubeflect-playground discovery ${cluster}`
    this.#discovery = this.#recall()
  }

  /** The resources that can be listed and watched, in the preferred version of their group and the order of the server. */
  get resources(): readonly DiscoveredResource[] {
    const names = new Set<string>()
    return (this.#discovery?.resources ?? []).filter((resource) => {
      const isNew = !names.has(resourceName(resource)) && resource.verbs.includes('list') && resource.verbs.includes('watch')
      if (isNew) names.add(resourceName(resource))
      return isNew
    })
  }

  /** The error of the last request; undefined when it succeeded. */
  get error(): unknown {
    return this.#error
  }

  /**
   * Finds a resource by a name such as `deployments.apps`, `deploy` or `Deployment`; undefined before anything is known.
   *
   * @throws UnknownResourceError when the server has no such resource.
   */
  find(name: string): Resource | undefined {
    // Every cluster has pods, so they do not wait for discovery.
    return name === Pod.plural ? (Pod as unknown as Resource) : this.#discovery?.resolve(name)
  }

  /** Follows the resources of the server until the signal is aborted, and calls `onChange` after each change. */
  async follow({ signal, onChange }: { signal: AbortSignal; onChange: () => void }): Promise<void> {
    await watchDiscovery(this.#client, {
      signal,
      onChange: (discovery) => {
        this.#discovery = discovery
        this.#error = undefined
        this.#remember(discovery)
        onChange()
      },
      onError: (error) => {
        this.#error = error
        onChange()
      },
    })
  }

  /** Removes the cache. */
  forget(): void {
    this.#storage.removeItem(this.#key)
  }

  #recall(): Discovery | undefined {
    try {
      const roots: readonly DiscoveredRoot[] | null = JSON.parse(this.#storage.getItem(this.#key) ?? 'null')
      return roots ? new Discovery(roots) : undefined
    } catch {
      // The entry was written by something else. The server will send the resources again.
      return undefined
    }
  }

  #remember({ roots }: Discovery): void {
    try {
      this.#storage.setItem(this.#key, JSON.stringify(roots))
    } catch {
      // The storage is full. The next visit has to wait for the server.
    }
  }
}
