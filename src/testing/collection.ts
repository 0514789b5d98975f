// A collection of the fake server: the objects of one resource, and the rules for changing them.

import { objectKey } from '../api/keys'
import type { KubeObject } from '../api/object'
import { type Resource, resourceName } from '../api/resource'
import { type Entry, entryFromObject } from '../codec/entry'
import type { ChangeType } from '../codec/wire'
import type { Clock } from '../internal/clock'
import type { WatchCacheOptions } from '../watch-cache/cache-options'
import { errorOf, notFound, type WireStatus } from '../watch-cache/failures'
import { WatchCache } from '../watch-cache/watch-cache'
import { withResourceVersion } from '../watch-cache/watch-events'
import { sameJson } from './json'
import { type FieldManager, noteUpdate } from './managed-fields'
import { type Random, randomSuffix } from './random'
import {
  alreadyExists,
  creationProblem,
  deletionProblem,
  inWireOrder,
  type Preconditions,
  placeProblem,
  replacementProblem,
  typeProblem,
} from './rules'
import type { ServedResource } from './served-resources'

/** The parts of the server that a collection needs. */
export interface CollectionDeps {
  readonly clock: Clock
  readonly random: Random
  uid(): string
  /** Returns the next resourceVersion. */
  nextResourceVersion(): string
  /** Called after each change. */
  applied(resource: Resource, type: ChangeType, entry: Entry<KubeObject>): void
}

/** The part of an object that an update covers: the whole object, all but the status, or the status. */
export type ObjectPart = 'all' | 'main' | 'status'

/** The key of an object in a collection. */
export interface ObjectName {
  /** The namespace; the empty string for cluster-scoped objects. */
  readonly namespace: string
  readonly name: string
}

/**
 * The objects of one resource: a watch cache, and the rules by which a server changes it. Every method throws ApiErrors like those of a
 * server.
 */
export class Collection {
  readonly served: ServedResource
  readonly cache: WatchCache
  readonly #deps: CollectionDeps
  readonly #isDryRun: boolean

  constructor(served: ServedResource, deps: CollectionDeps, cache: Omit<WatchCacheOptions<KubeObject>, 'resource'> | WatchCache) {
    this.served = served
    this.#isDryRun = cache instanceof WatchCache
    this.#deps = deps
    const { resource, fieldLabels, builtIn } = served
    this.cache =
      cache instanceof WatchCache ? cache : new WatchCache({ ...cache, resource, fieldLabels, itemTypes: builtIn ? 'omit' : 'keep' })
  }

  /** Returns a copy with the same objects and rules that discards writes. */
  rehearsal(): Collection {
    return new Collection(this.served, this.#deps, this.cache)
  }

  /** Returns the time of the server, RFC 3339 in whole seconds. */
  readonly now = (): string => timeOf(this.#deps.clock)

  has({ namespace, name }: ObjectName): boolean {
    return this.cache.get(objectKey(namespace, name)) !== undefined
  }

  /** @throws ApiError 404 */
  get({ namespace, name }: ObjectName): Entry<KubeObject> {
    const entry = this.cache.get(objectKey(namespace, name))
    if (!entry) throw this.#refusal('GET', notFound(this.served.resource, name))
    return entry
  }

  /** @throws ApiError 400, 409, 422 or 500 */
  create(sent: KubeObject, namespace: string, by?: FieldManager): Entry<KubeObject> {
    const { resource, stored } = this.served
    const object = stored?.(sent) ?? sent
    this.#refuse('POST', typeProblem(object, resource) ?? placeProblem(object, { namespace }) ?? creationProblem(object, resource))
    const name = object.metadata.name || this.#generateName(object.metadata.generateName ?? '', namespace)
    if (this.has({ namespace, name })) throw this.#refusal('POST', alreadyExists(resource, name))
    const noted = by ? noteUpdate(undefined, object, by) : object
    const { deletionTimestamp: _, ...metadata } = noted.metadata
    return this.#write('ADDED', {
      ...noted,
      metadata: {
        ...metadata,
        name,
        ...(namespace && { namespace }),
        uid: this.#deps.uid(),
        ...('spec' in object && { generation: 1 }),
        creationTimestamp: this.now(),
      },
    })
  }

  /** Replaces an object or a part of it. @throws ApiError 400, 404 or 409 */
  update(sent: KubeObject, at: ObjectName, part: ObjectPart, by?: FieldManager): Entry<KubeObject> {
    const { resource, stored } = this.served
    const object = stored?.(sent) ?? sent
    this.#refuse('PUT', typeProblem(object, resource) ?? placeProblem(object, at))
    const entry = this.get(at)
    const old = copyOf(entry)
    this.#refuse('PUT', replacementProblem(old.metadata, object.metadata, resource))
    const merged = part === 'status' ? withStatus(old, object) : part === 'main' ? withStatus(object, old) : object
    const { uid, resourceVersion, generation, creationTimestamp, deletionTimestamp } = old.metadata
    const kept = {
      name: at.name,
      ...(at.namespace && { namespace: at.namespace }),
      uid,
      resourceVersion,
      generation,
      creationTimestamp,
      deletionTimestamp,
    }
    const managedFields = merged.metadata.managedFields ?? old.metadata.managedFields
    const replaced = { ...merged, metadata: { ...merged.metadata, ...kept, managedFields } as KubeObject['metadata'] }
    const next = inWireOrder(by ? noteUpdate(old, replaced, by) : replaced, resource)
    if (sameJson(next, old)) return entry
    if (generation !== undefined && !sameJson(desired(next), desired(old))) next.metadata.generation = generation + 1
    if (deletionTimestamp && !next.metadata.finalizers?.length) return this.#remove(entryFromObject(next, { managedFields: 'keep' }))
    return this.#write('MODIFIED', next)
  }

  /**
   * Deletes an object, or only marks it when it has finalizers.
   *
   * @returns the last state, and whether the object is gone.
   * @throws ApiError 404 or 409
   */
  delete(at: ObjectName, preconditions: Preconditions = {}): { entry: Entry<KubeObject>; gone: boolean } {
    const entry = this.get(at)
    const old = copyOf(entry)
    this.#refuse('DELETE', deletionProblem(old.metadata, preconditions, this.served.resource))
    if (!old.metadata.finalizers?.length) return { entry: this.#remove(entry), gone: true }
    if (old.metadata.deletionTimestamp) return { entry, gone: false }
    const marked = { ...old.metadata, deletionTimestamp: this.now(), deletionGracePeriodSeconds: 0 }
    return { entry: this.#write('MODIFIED', { ...old, metadata: marked }), gone: false }
  }

  #write(type: ChangeType, object: KubeObject): Entry<KubeObject> {
    const resourceVersion = this.#isDryRun ? object.metadata.resourceVersion : this.#deps.nextResourceVersion()
    const next = inWireOrder(
      { ...object, metadata: { ...object.metadata, resourceVersion } as KubeObject['metadata'] },
      this.served.resource,
    )
    return this.#apply({ type, entry: entryFromObject(next, { managedFields: 'keep' }) })
  }

  #remove(entry: Entry<KubeObject>): Entry<KubeObject> {
    if (this.#isDryRun) return entry
    return this.#apply({ type: 'DELETED', entry: withResourceVersion(entry, this.#deps.nextResourceVersion()) })
  }

  #apply(event: { type: ChangeType; entry: Entry<KubeObject> }): Entry<KubeObject> {
    if (this.#isDryRun) return event.entry
    this.cache.apply([event])
    this.#deps.applied(this.served.resource, event.type, event.entry)
    return event.entry
  }

  #generateName(prefix: string, namespace: string): string {
    for (;;) {
      const name = prefix + randomSuffix(this.#deps.random)
      if (!this.has({ namespace, name })) return name
    }
  }

  #refuse(method: string, status: WireStatus | undefined): void {
    if (status) throw this.#refusal(method, status)
  }

  #refusal(method: string, status: WireStatus): Error {
    return errorOf(status, { method, url: resourceName(this.served.resource) })
  }
}

/** Returns the time of a clock, RFC 3339 in whole seconds. */
export const timeOf = (clock: Clock): string => new Date(clock.now()).toISOString().replace(/\.\d+/, '')

/** Returns a copy of the object of an entry, which the caller may change. */
export function copyOf({ text }: Entry<KubeObject>): KubeObject {
  return JSON.parse(text) as KubeObject
}

/** Returns an object with the status of another one. */
function withStatus(object: KubeObject, source: KubeObject): KubeObject {
  const { status: _, ...rest } = object as KubeObject & { status?: unknown }
  return 'status' in source ? ({ ...rest, status: source.status } as KubeObject) : rest
}

/** Returns the part of an object whose change increments the generation: everything but metadata and status. */
function desired(object: KubeObject): object {
  const { metadata: _, status: __, ...rest } = object as KubeObject & { status?: unknown }
  return rest
}
