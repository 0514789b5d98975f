import { type KubeClient, type Resource, resourceName } from 'kubeflect'
import { type DiscoveredResource, type DiscoveredRoot, Discovery, watchDiscovery } from 'kubeflect/discovery'
import { Pod } from 'kubeflect/resources/core/v1'

/** What the catalog needs of `localStorage`. */
type Storage = Pick<globalThis.Storage, 'getItem' | 'setItem' | 'removeItem'>

/** Knows the resources of a server: those of the last visit at once, those of today when the server has answered, and each change after that. */
export class Catalog {
  readonly #client: KubeClient
  readonly #storage: Storage
  readonly #key: string
  #discovery: Discovery | undefined
  #error: unknown

  /** @param cluster names the cluster: what is remembered of one is never shown for another. */
  constructor(client: KubeClient, { cluster, storage }: { cluster: string; storage: Storage }) {
    this.#client = client
    this.#storage = storage
    this.#key = `kubeflect-playground discovery ${cluster}`
    this.#discovery = this.#recall()
  }

  /** What can be shown: each resource that can be listed and watched, in the version its group prefers. In the order of the server. */
  get resources(): readonly DiscoveredResource[] {
    const names = new Set<string>()
    return (this.#discovery?.resources ?? []).filter((resource) => {
      const isNew = !names.has(resourceName(resource)) && resource.verbs.includes('list') && resource.verbs.includes('watch')
      if (isNew) names.add(resourceName(resource))
      return isNew
    })
  }

  /** Why the server cannot be asked; undefined when it could. */
  get error(): unknown {
    return this.#error
  }

  /**
   * What somebody means by a name such as `deployments.apps`, `deploy` or `Deployment`; undefined while nothing is known.
   *
   * @throws UnknownResourceError when the server has no such resource.
   */
  find(name: string): Resource | undefined {
    // Pods are everywhere: they need not wait for the server's answer.
    return name === Pod.plural ? (Pod as unknown as Resource) : this.#discovery?.resolve(name)
  }

  /** Follows what the server has until the signal is aborted, and calls back after each change. */
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

  /** Forgets the last visit. */
  forget(): void {
    this.#storage.removeItem(this.#key)
  }

  #recall(): Discovery | undefined {
    try {
      const roots: readonly DiscoveredRoot[] | null = JSON.parse(this.#storage.getItem(this.#key) ?? 'null')
      return roots ? new Discovery(roots) : undefined
    } catch {
      // Something else wrote it: the server will tell again.
      return undefined
    }
  }

  #remember({ roots }: Discovery): void {
    try {
      this.#storage.setItem(this.#key, JSON.stringify(roots))
    } catch {
      // There is no room: the next visit has to wait for the server.
    }
  }
}
