// Lists and watches one collection of an API server.

import { WatchError } from '../api/errors'
import type { KubeObject } from '../api/object'
import type { ListOptions, RequestOptions, WatchOptions } from '../api/options'
import { shown } from '../api/path-segment'
import { apiVersionOf, type Resource, resourceName, resourcePath } from '../api/resource'
import type { Entry } from '../codec/entry'
import { type ArrivalOptions, addSkipped, type EntryList, MAX_SKIPPED_ERRORS, type WatchEntry } from '../codec/wire'
import type { ListEntriesOptions } from '../http/list'
import type { WatchEntriesOptions } from '../http/watch'
import { Opaque } from '../internal/opaque'
import type { ListerWatcher } from './lister-watcher'

const SLASH = 0x2f

/** Options of a {@link ListWatch}: the part of the collection to read. */
export interface ListWatchOptions {
  /** All namespaces when left out. */
  namespace?: string | undefined
  /** Such as `app=web,tier!=db`. */
  labelSelector?: string | undefined
  /** Such as `spec.nodeName=n1`. */
  fieldSelector?: string | undefined
  /** Changes the options of every request, after all other options. */
  tweakListOptions?: (<O extends ListOptions | WatchOptions>(options: O) => O) | undefined
  /** Whether to keep `metadata.managedFields`; default `'drop'`. */
  managedFields?: 'drop' | 'keep' | undefined
  /** The maximum size of an event, in bytes; default 16 Mi. */
  maxLineLength?: number | undefined
}

/** The part of a client that a {@link ListWatch} uses. */
export interface EntryClient {
  readonly baseUrl: string
  /** Whether requests carry the client's own credentials, such as a token, so that responses depend on the user. Default false. */
  readonly authenticates?: boolean | undefined
  /** The impersonated identity as one string without secrets; the empty string or undefined for none. */
  readonly impersonates?: string | undefined
  listEntries<T extends KubeObject>(
    resource: Resource<T>,
    options: ListEntriesOptions & ArrivalOptions<T> & { namespace?: string | undefined },
  ): Promise<EntryList<T>>
  watchEntries<T extends KubeObject>(
    resource: Resource<T>,
    options: WatchEntriesOptions & { namespace?: string | undefined },
  ): AsyncIterable<readonly WatchEntry<T>[]>
}

/**
 * Reads one collection of an API server; the source of a Reflector. Skips and reports objects outside the requested namespace.
 *
 * @example
 * ```ts
 * const listWatch = new ListWatch(client, Pod, { namespace: 'shop', labelSelector: 'app=web' })
 * ```
 * @see client-go `cache.NewListWatchFromClient`
 */
export class ListWatch<T extends KubeObject> extends Opaque implements ListerWatcher<T> {
  readonly resource: Resource<T>
  readonly #client: EntryClient
  readonly #options: ListWatchOptions

  /**
   * The first request rejects with a SelectorError when a selector is invalid, and is not sent.
   *
   * @throws TypeError when the client or the resource is invalid, or the namespace cannot be part of a path.
   */
  constructor(client: EntryClient, resource: Resource<T>, options: ListWatchOptions = {}) {
    super()
    if (typeof client?.listEntries !== 'function') throw new TypeError(`expected a client, such as a KubeClient, got ${shown(client)}`)
    resourcePath(resource, { namespace: options.namespace })
    this.resource = resource
    this.#client = client
    this.#options = options
  }

  /** Identifies what is read, as part of a persistence scope. The user is unknown here. */
  get scope(): {
    readonly cluster: string
    readonly resource: string
    readonly namespace: string
    readonly labelSelector: string
    readonly fieldSelector: string
  } {
    const { namespace = '', labelSelector = '', fieldSelector = '' } = this.#options
    return {
      cluster: this.#client.baseUrl,
      resource: `${resourceName(this.resource)}/${apiVersionOf(this.resource).split('/').at(-1)}`,
      namespace,
      labelSelector,
      fieldSelector,
    }
  }

  async list({ signal, onBytes, onEntries, ...options }: ListOptions & RequestOptions & ArrivalOptions<T>): Promise<EntryList<T>> {
    const { namespace, managedFields } = this.#options
    const list = await this.#client.listEntries(this.resource, {
      ...this.#tweak(options),
      namespace,
      managedFields,
      signal,
      onBytes,
      onEntries: onEntries && namespace ? (entries) => onEntries(entries.filter((entry) => this.#isAsked(entry))) : onEntries,
    })
    return this.#onlyAsked(list)
  }

  async *watch({ signal, onBytes, ...options }: WatchOptions & RequestOptions): AsyncIterable<readonly WatchEntry<T>[]> {
    const { namespace, managedFields, maxLineLength } = this.#options
    const asked = { ...this.#tweak(options), namespace, managedFields, maxLineLength, signal, onBytes }
    for await (const batch of this.#client.watchEntries(this.resource, asked)) {
      yield batch.every((event) => !('entry' in event) || this.#isAsked(event.entry)) ? batch : batch.map((event) => this.#checked(event))
    }
  }

  /** Whether an entry is in the requested namespace. Objects of a server that mixes up namespaces must not affect others. */
  #isAsked({ key }: Entry<T>): boolean {
    const { namespace } = this.#options
    return !namespace || (key.startsWith(namespace) && key.charCodeAt(namespace.length) === SLASH)
  }

  #onlyAsked(list: EntryList<T>): EntryList<T> {
    const others = list.entries.filter((entry) => !this.#isAsked(entry))
    if (others.length === 0) return list
    const errors = others.slice(0, MAX_SKIPPED_ERRORS).map((entry) => this.#otherNamespace(entry))
    return {
      ...list,
      entries: list.entries.filter((entry) => this.#isAsked(entry)),
      skipped: addSkipped(list.skipped, { count: others.length, errors }),
    }
  }

  #checked(event: WatchEntry<T>): WatchEntry<T> {
    if (!('entry' in event) || this.#isAsked(event.entry)) return event
    return { type: 'SKIPPED', error: this.#otherNamespace(event.entry) }
  }

  #otherNamespace({ key }: Entry<T>): WatchError {
    return new WatchError(`${resourceName(this.resource)}: asked for the namespace ${this.#options.namespace}, but the server sent ${key}`)
  }

  #tweak<O extends ListOptions | WatchOptions>(options: O): O {
    const { labelSelector, fieldSelector, tweakListOptions } = this.#options
    const selected = { labelSelector, fieldSelector, ...options }
    return tweakListOptions ? tweakListOptions(selected) : selected
  }
}
