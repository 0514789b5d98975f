// The collections that a view reads, from the same informers as the table.
import type { Entry, InformerLease, KubeObject, Resource } from 'kubeflect'
import type { Feeds } from '../feeds.ts'
import type { Rewindable } from '../time/rewindable.ts'

/** Holds the informers of a view while it is shown. */
export class Sources implements Disposable {
  readonly #leases: ReadonlyMap<string, InformerLease<KubeObject>>
  readonly #objects: ReadonlyMap<string, Rewindable>
  readonly #stops: readonly (() => void)[]

  /** @param onChange called after each change of a collection. */
  constructor(
    feeds: Feeds,
    resources: readonly Resource[],
    { namespace, onChange }: { namespace: string | undefined; onChange: () => void },
  ) {
    this.#leases = new Map(
      resources.map((resource) => [
        resource.plural,
        feeds.lease({ resource, namespace: resource.scope === 'Cluster' ? undefined : namespace, labelSelector: undefined }),
      ]),
    )
    this.#objects = new Map([...this.#leases].map(([plural, { informer }]) => [plural, feeds.rewindable(informer)]))
    this.#stops = [
      ...[...this.#objects.values()].map((objects) => objects.subscribe(onChange)),
      ...[...this.#leases.values()].map(({ informer }) => informer.subscribe(onChange)),
    ]
  }

  /** Returns the objects of a collection; none for one that is not held. */
  list<T extends KubeObject>({ plural }: Resource<T>): readonly Entry<T>[] {
    return (this.#objects.get(plural)?.list() ?? []) as readonly Entry<T>[]
  }

  /** Returns the objects of a collection that is held. */
  store({ plural }: Resource): Rewindable | undefined {
    return this.#objects.get(plural)
  }

  /** The objects of every collection. */
  get all(): readonly Rewindable[] {
    return [...this.#objects.values()]
  }

  /** Whether every collection has been read. */
  get isReady(): boolean {
    return [...this.#leases.values()].every(({ informer }) => informer.status.hasSynced)
  }

  /** Lets go of the informers. */
  [Symbol.dispose](): void {
    for (const stop of this.#stops) stop()
    for (const lease of this.#leases.values()) lease.release()
  }
}
