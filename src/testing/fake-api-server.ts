// An in-memory Kubernetes API server for tests.

import { KubeError } from '../api/errors'
import type { KubeObject } from '../api/object'
import { apiVersionOf, type Resource, resourceName } from '../api/resource'
import type { Entry } from '../codec/entry'
import type { ChangeType } from '../codec/wire'
import { CustomResourceDefinition } from '../discovery/custom-resource-definition'
import { type Clock, systemClock } from '../internal/clock'
import type { OpenSocket } from '../socket/socket'
import type { WatchCacheOptions } from '../watch-cache/cache-options'
import { failure, methodNotAllowed } from '../watch-cache/failures'
import { serveRead } from '../watch-cache/fetch-handler'
import { errorResponse, parseResourcePath, type ResourceRequest, statusResponse } from '../watch-cache/protocol'
import { AccessRules, attributesOf, unauthorized } from './access-rules'
import { Churn, type ChurnOptions } from './churn'
import { Collection, type CollectionDeps, copyOf, type ObjectName, timeOf } from './collection'
import { definedResources } from './custom-resources'
import { serveDiscovery } from './discovery'
import { type FakeFetch, requestOf } from './fake-fetch'
import { openFakeSocket } from './fake-socket'
import { answerStream, type FakeStreamHandlers, isStream, type Upgrade } from './fake-streams'
import { breakBody, Faults } from './faults'
import type { FixturePod } from './fixtures'
import { serveOpenApi } from './openapi'
import { Origins } from './origins'
import { containerOf, PodLogs } from './pod-logs'
import { createRandom } from './random'
import { represent } from './representations'
import { acceptsJson, notAcceptable } from './request-body'
import { RequestLog, type RequestRecord } from './request-log'
import { serveWrite } from './rest'
import { reviewResources, serveReview } from './reviews'
import type { Preconditions } from './rules'
import { builtInResources, type ServedResource, subresourcesOf, verbsOf } from './served-resources'
import { scaleResponse } from './subresources'

/** Options of a {@link FakeApiServer}. */
export interface FakeApiServerOptions extends FakeStreamHandlers {
  /**
   * Additional resources. Namespaces, nodes, pods, services, config maps, secrets, events, deployments and custom resource definitions are
   * built in; each custom resource definition adds its resource.
   */
  resources?: readonly (Resource | ServedResource)[]
  /** The clock of all timestamps and timers; default the system clock. */
  clock?: Clock
  /** The version before the first change; default 1. */
  resourceVersion?: number
  /** Generates uids; default `crypto.randomUUID`. */
  uid?: () => string
  /** The seed of the names generated for `generateName`; default 1. */
  seed?: number
  /** The number of events that each resource keeps for resumed watches; default 10,000. */
  windowSize?: number
  /** The number of unread events that ends a watch; default `windowSize`. */
  watchBufferSize?: number
  /** The interval between bookmarks of a watch, in milliseconds; default 60,000. */
  bookmarkIntervalMs?: number
  /** Whether a watch can start with the initial state (`sendInitialEvents`), or gets a 422 as from older servers; default `'supported'`. */
  watchList?: 'supported' | 'refused'
  /**
   * The origins whose pages may read responses and change objects (CORS), such as `http://localhost:5173`, or `*` for all; default only the
   * server's own.
   */
  allowedOrigins?: readonly string[]
}

/** The complete state of a server at one moment. */
export interface Backup {
  readonly resourceVersion: number
  readonly objects: ReadonlyMap<string, readonly Entry<KubeObject>[]>
}

/** A reference to an object. The namespace defaults to `default`, and is omitted for cluster-scoped resources. */
export type ObjectReference = { readonly name: string; readonly namespace?: string | undefined }

/**
 * A Kubernetes API server in memory, as a `fetch` handler. Supports reads, watches, writes, patches and discovery, well enough for
 * `kubectl`. It has no admission, no validation of specs and no controllers: objects can be created in a missing namespace, and outlive
 * their owners. Every request is allowed until {@link FakeApiServer.access} denies it. Its `kube-system` namespace has a unique uid,
 * like that of a real cluster.
 *
 * @example
 * ```ts
 * const server = new FakeApiServer()
 * server.create(Pod, podFixture(1))
 * const client = new KubeClient({ baseUrl: 'http://kubernetes.test', fetch: server.fetch })
 * ```
 *
 * @example
 * On a port with Node, Deno or Bun (which sends the headers of a watch with its first event), or as a command, `npx kubeflect fake-server`.
 * ```ts
 * createServer(nodeListener(server.fetch)).listen(8001, '127.0.0.1')
 * Deno.serve({ port: 8001, hostname: '127.0.0.1' }, server.fetch)
 * Bun.serve({ port: 8001, hostname: '127.0.0.1', idleTimeout: 0, fetch: server.fetch })
 * ```
 */
export class FakeApiServer {
  /** The permissions and tokens of users; by default every user may do everything without a token. */
  readonly access: AccessRules = new AccessRules()
  /** The faults of future requests. */
  readonly faults: Faults
  /** The logs of containers. */
  readonly logs: PodLogs
  readonly #clock: Clock
  readonly #log = new RequestLog()
  readonly #origins: Origins
  readonly #collections = new Map<string, Collection>()
  readonly #deps: CollectionDeps
  readonly #streams: FakeStreamHandlers
  readonly #cacheOptions: Omit<WatchCacheOptions<KubeObject>, 'resource'>
  #revision: number
  #watchList: 'supported' | 'refused'

  /** @throws RangeError when a size is not a positive number, or `resourceVersion` is not a positive integer. */
  constructor({
    resources = [],
    clock = systemClock,
    resourceVersion = 1,
    uid = () => crypto.randomUUID(),
    seed = 1,
    windowSize: capacity = 10_000,
    watchBufferSize,
    bookmarkIntervalMs,
    watchList = 'supported',
    allowedOrigins = [],
    ...streams
  }: FakeApiServerOptions = {}) {
    if (!Number.isSafeInteger(resourceVersion) || resourceVersion < 1)
      throw new RangeError(`FakeApiServer: resourceVersion must be a positive integer, got ${resourceVersion}`)
    this.#clock = clock
    this.#streams = streams
    this.faults = new Faults(clock)
    this.logs = new PodLogs(clock)
    this.#watchList = watchList
    this.#origins = new Origins(allowedOrigins)
    this.#revision = resourceVersion
    this.#cacheOptions = { capacity, watchBufferSize, bookmarkIntervalMs, clock, random: createRandom(seed).next }
    this.#deps = {
      clock,
      random: createRandom(seed),
      uid,
      nextResourceVersion: () => String(++this.#revision),
      applied: (resource, type, entry) => {
        for (const { cache } of this.#collections.values()) cache.bookmark(entry.resourceVersion)
        if (resource === CustomResourceDefinition) this.#define(type, copyOf(entry) as CustomResourceDefinition)
      },
    }
    for (const served of [...builtInResources, ...resources]) this.register(served)
    for (const name of ['default', 'kube-system']) {
      const labels = { 'kubernetes.io/metadata.name': name }
      this.#collection('namespaces').create(
        { metadata: { name, labels }, spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } } as KubeObject,
        '',
      )
    }
  }

  /** Answers a request. An aborted request rejects with the reason of the signal. Bound, so that it works wherever a `fetch` is expected. */
  readonly fetch: FakeFetch = async (input: Request | URL | string, init?: RequestInit | object) => this.#serve(requestOf(input, init))

  /**
   * Opens a WebSocket in memory, for a client's option `webSocket`: watches, and the streams of `exec`, `attach` and `portForward`. Bound.
   */
  readonly webSocket: OpenSocket = (request) => openFakeSocket(request, (inner, upgrade) => this.#serve(inner, upgrade))

  async #serve(request: Request, upgrade?: Upgrade): Promise<Response> {
    const target = parseResourcePath(new URL(request.url).pathname)
    const tracked = this.#log.track(request, target)
    try {
      request.signal.throwIfAborted()
      const faults = this.faults.take(tracked.record)
      const response =
        (await this.faults.before(faults, request)) ??
        this.#origins.before(request) ??
        (await this.#answer(request, target, tracked.record, upgrade))
      request.signal.throwIfAborted()
      return tracked.answer(this.#origins.mark(response, request), (body) => breakBody(body, faults, this.#clock))
    } catch (error) {
      tracked.fail()
      throw error
    }
  }

  /** Every request so far, in order; see {@link forgetRequests}. */
  get requests(): readonly RequestRecord[] {
    return this.#log.records
  }
  /** The requests in progress: without a response, or with a body that was not read to its end, canceled or aborted. */
  get openRequests(): readonly RequestRecord[] {
    return this.#log.records.filter(({ state }) => state !== 'closed')
  }
  /** Removes the requests that are complete from {@link requests}. */
  forgetRequests(): void {
    this.#log.clear()
  }

  /** Whether watches can start with the initial state. Can be set at any time. */
  get watchList(): 'supported' | 'refused' {
    return this.#watchList
  }
  set watchList(watchList: 'supported' | 'refused') {
    this.#watchList = watchList
    for (const { cache } of this.#collections.values()) cache.watchList = watchList
  }

  /** The version of the last change. */
  get resourceVersion(): string {
    return String(this.#revision)
  }

  /** Adds a resource, like a custom resource definition, but without one. A no-op for a resource that is already served. */
  register(served: Resource | ServedResource): void {
    const entry = 'resource' in served ? served : { resource: served }
    const key = keyOf(entry.resource)
    if (this.#collections.has(key)) return
    const collection = new Collection(entry, this.#deps, { ...this.#cacheOptions, watchList: this.#watchList })
    collection.cache.replace([], this.resourceVersion)
    this.#collections.set(key, collection)
  }

  /** Removes a resource, like the deletion of its definition: deletes its objects and ends its watches. A no-op for an unknown resource. */
  unregister(resource: Resource): void {
    const key = keyOf(resource)
    const collection = this.#collections.get(key)
    this.#collections.delete(key)
    collection?.cache.disconnect()
  }

  /** Creates an object with its status. @throws ApiError 400, 409, 422 or 500 */
  create<T extends KubeObject>(resource: Resource<T>, object: T): T {
    return copyOf(this.#collection(resource).create(object, namespaceFor(resource, object.metadata.namespace))) as T
  }

  /**
   * Loads objects from a file or another server, each with its status. Replaces existing objects, whatever their version.
   *
   * @param objects with `kind` and `apiVersion`; definitions of custom resources must come before their objects.
   * @throws KubeError when a kind is not served; ApiError 400 or 422
   */
  load(objects: readonly KubeObject[]): void {
    for (const object of objects) {
      const { kind, apiVersion = '' } = object
      const collections = [...this.#collections.values()]
      const collection = collections.find(({ served: { resource } }) => resource.kind === kind && apiVersionOf(resource) === apiVersion)
      if (!collection)
        throw new KubeError(`FakeApiServer: ${kind} (${apiVersion}) is not served: register it, or load its definition first`)
      // This server assigns versions and uids itself.
      const { resourceVersion: _, uid: __, ...metadata } = object.metadata
      const at = nameFor(collection.served.resource, { name: metadata.name ?? '', namespace: metadata.namespace })
      if (collection.has(at)) collection.update({ ...object, metadata }, at, 'all')
      else collection.create({ ...object, metadata }, at.namespace)
    }
  }

  /** Replaces an object and its status. An object without a resourceVersion replaces any version. @throws ApiError 400, 404 or 409 */
  update<T extends KubeObject>(resource: Resource<T>, object: T): T {
    const { name = '', namespace } = object.metadata
    return copyOf(this.#collection(resource).update(object, { name, namespace: namespaceFor(resource, namespace) }, 'all')) as T
  }

  /** Deletes an object and returns its last state; an object with finalizers is only marked. @throws ApiError 404 or 409 */
  delete<T extends KubeObject>(resource: Resource<T>, reference: ObjectReference, preconditions?: Preconditions): T {
    return copyOf(this.#collection(resource).delete(nameFor(resource, reference), preconditions).entry) as T
  }

  /** Returns a copy of an object; undefined when it does not exist. */
  get<T extends KubeObject>(resource: Resource<T>, reference: ObjectReference): T | undefined {
    const collection = this.#collection(resource)
    const at = nameFor(resource, reference)
    return collection.has(at) ? (copyOf(collection.get(at)) as T) : undefined
  }

  /** Returns copies of all objects of a resource, sorted by namespace and name. */
  list<T extends KubeObject>(resource: Resource<T>): T[] {
    return this.#collection(resource)
      .cache.entries()
      .map((entry) => copyOf(entry) as T)
  }

  /**
   * Changes pods continuously, on the server's clock, until the result is closed. @throws RangeError when the rate is negative.
   */
  churn(options?: ChurnOptions): Churn {
    const collection = this.#collection('pods')
    const nameOf = ({ metadata: { name = '', namespace = '' } }: KubeObject): ObjectName => ({ name, namespace })
    return new Churn(
      {
        clock: this.#clock,
        pods: () => collection.cache.entries(),
        get: (pod) => (collection.has(pod) ? (copyOf(collection.get(pod)) as FixturePod) : undefined),
        create: (pod) => collection.create(pod, pod.metadata.namespace ?? 'default'),
        update: (pod) => void collection.update(pod, nameOf(pod), 'all'),
        delete: (pod) => void collection.delete(pod),
      },
      options,
    )
  }

  /**
   * Discards the events up to a version (default: all). Older watches and exact lists get a 410; open watches continue.
   *
   * @throws RangeError when the version is not a decimal number, or is newer than the server's.
   */
  compact(resourceVersion?: string): void {
    for (const { cache } of this.#collections.values()) cache.compact(resourceVersion)
  }

  /** Breaks every response in progress, like a lost connection. */
  disconnect(): void {
    this.#log.cutAll()
  }

  /** Returns the current state for {@link restart}. */
  backup(): Backup {
    return { resourceVersion: this.#revision, objects: new Map([...this.#collections].map(([key, { cache }]) => [key, cache.entries()])) }
  }

  /**
   * Restarts the server: every watch ends, and none can resume from an earlier version.
   *
   * @param restore the state to start with, as after a restore of etcd, which assigns the same versions a second time.
   */
  restart(restore: Backup = this.backup()): void {
    this.#revision = restore.resourceVersion
    for (const [key, { cache }] of this.#collections) cache.reset(restore.objects.get(key) ?? [], this.resourceVersion)
  }

  async #answer(request: Request, target: ResourceRequest | undefined, record: RequestRecord, upgrade?: Upgrade): Promise<Response> {
    const user = this.access.userOf(request.headers)
    if (!user) return statusResponse(unauthorized())
    const collection = target && this.#collections.get(keyOf(target))
    if (!collection || !isServed(target, collection.served)) {
      const served = [...Array.from(this.#collections.values(), (collection) => collection.served), ...reviewResources]
      const { pathname } = new URL(request.url)
      return (
        (target && (await serveReview(target, request, { access: this.access, user, served, now: timeOf(this.#clock) }))) ??
        serveDiscovery(pathname, request.headers, served) ??
        serveOpenApi(pathname, request.headers, served) ??
        notFound()
      )
    }
    const { served } = collection
    const attributes = attributesOf(target, served.resource, record)
    const refusal = this.access.refusalOf(user, attributes, upgrade && isStream(target.subresource) ? 'stream' : 'request')
    if (refusal) return statusResponse(refusal)
    if (isStream(target.subresource)) return answerStream(request, target, collection, upgrade && { ...upgrade, handlers: this.#streams })
    if (!target.subresource && !verbsOf(served).includes(record.verb)) return statusResponse(methodNotAllowed())
    if (target.subresource !== 'log' && !acceptsJson(request)) return statusResponse(notAcceptable())
    if (request.method !== 'GET') return serveWrite(collection, target, request)
    if (target.subresource) return this.#answerSubresource(request, target, collection)
    return represent(await serveRead(collection.cache, target, request), { request, target, served: collection.served })
  }

  #answerSubresource(request: Request, target: ResourceRequest, collection: Collection): Promise<Response> | Response {
    try {
      if (target.subresource === 'scale') return scaleResponse(collection.get(target))
      if (target.subresource === 'log') return this.logs.serve(containerOf(copyOf(collection.get(target)), request), request)
      return serveRead(collection.cache, target, request)
    } catch (error) {
      return errorResponse(error)
    }
  }

  #define(type: ChangeType, definition: CustomResourceDefinition): void {
    for (const served of definedResources(definition)) {
      if (type === 'DELETED') this.unregister(served.resource)
      else this.register(served)
    }
  }

  #collection(resource: Resource | string): Collection {
    const key = typeof resource === 'string' ? `/v1/${resource}` : keyOf(resource)
    const collection = this.#collections.get(key)
    if (!collection)
      throw new TypeError(
        `FakeApiServer: ${typeof resource === 'string' ? resource : `${resourceName(resource)} (${apiVersionOf(resource)})`} is not served: register it first`,
      )
    return collection
  }
}

const keyOf = ({ group, version, plural }: Pick<Resource, 'group' | 'version' | 'plural'>): string => `${group}/${version}/${plural}`

const namespaceFor = ({ scope }: Resource, namespace: string | undefined): string => (scope === 'Cluster' ? '' : (namespace ?? 'default'))

const nameFor = (resource: Resource, { name, namespace }: ObjectReference): ObjectName => ({
  name,
  namespace: namespaceFor(resource, namespace),
})

function isServed({ namespace, subresource }: ResourceRequest, served: ServedResource): boolean {
  if (namespace && served.resource.scope === 'Cluster') return false
  return subresource === '' || subresourcesOf(served).some(({ name }) => name === subresource)
}

const notFound = (): Response => statusResponse(failure(404, 'NotFound', 'the server could not find the requested resource', {}))
