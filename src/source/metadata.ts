// Lists and watches the metadata of objects only.

import type { KubeObject } from '../api/object'
import type { PartialObjectMetadata } from '../api/partial-object-metadata'
import type { Resource } from '../api/resource'
import { type Entry, entryFromText } from '../codec/entry'
import { forEachMember, STOP, skipSpace, skipValue, stringAt } from '../codec/scan'
import type { ArrivalOptions, EntryList, WatchEntry } from '../codec/wire'
import type { ListEntriesOptions } from '../http/list'
import type { WatchEntriesOptions } from '../http/watch'
import { type EntryClient, ListWatch, type ListWatchOptions } from './list-watch'

const PARTIAL = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1' } as const

/** The annotation in which kubectl stores the applied object; for a Secret it contains all values. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

const accept = (as: string) => `application/json;as=${as};g=meta.k8s.io;v=v1,application/json`

/**
 * Reads only the metadata of a collection's objects; the source of a Reflector. If the server supports only whole objects, as an aggregated
 * one may, drops everything but their metadata. Removes from Secrets the annotation in which kubectl keeps a copy of their values.
 *
 * @example
 * ```ts
 * const secrets = metadataListWatch(client, Secret, { labelSelector: 'owner=helm' })
 * const { entries } = await secrets.list({})
 * ```
 * @see client-go `metadata.Client`
 */
export function metadataListWatch<T extends KubeObject>(
  client: EntryClient,
  { group, version, plural, kind, scope }: Resource<T>,
  options?: ListWatchOptions,
): ListWatch<PartialObjectMetadata> {
  return new ListWatch<PartialObjectMetadata>(new MetadataClient(client), { group, version, plural, kind, scope }, options)
}

class MetadataClient implements EntryClient {
  readonly baseUrl: string
  readonly #client: EntryClient

  constructor(client: EntryClient) {
    this.baseUrl = client.baseUrl
    this.#client = client
  }

  async listEntries<T extends KubeObject>(
    resource: Resource<T>,
    { onEntries, ...options }: ListEntriesOptions & ArrivalOptions<T>,
  ): Promise<EntryList<T>> {
    const keep = keeperOf<T>(resource)
    const list = await this.#client.listEntries(resource, {
      ...options,
      accept: accept(`${PARTIAL.kind}List`),
      ...(onEntries && { onEntries: (entries) => onEntries(entries.map(keep)) }),
    })
    return { ...list, entries: list.entries.map(keep) }
  }

  async *watchEntries<T extends KubeObject>(resource: Resource<T>, options: WatchEntriesOptions): AsyncGenerator<readonly WatchEntry<T>[]> {
    const keep = keeperOf<T>(resource)
    for await (const batch of this.#client.watchEntries(resource, { ...options, accept: accept(PARTIAL.kind) }))
      yield batch.map((event) => ('entry' in event ? { type: event.type, entry: keep(event.entry) } : event))
  }
}

/** Returns the function that reduces the entries of a collection. */
function keeperOf<T>({ group, plural }: Pick<Resource, 'group' | 'plural'>): (entry: Entry<T>) => Entry<T> {
  return group === '' && plural === 'secrets' ? (entry) => withoutLastApplied(onlyMetadata(entry)) : onlyMetadata
}

function withoutLastApplied<T>(entry: Entry<T>): Entry<T> {
  // Most Secrets were never applied by kubectl, and need no parsing.
  if (!entry.text.includes('last-applied-configuration')) return entry
  const object = JSON.parse(entry.text) as PartialObjectMetadata
  delete object.metadata.annotations?.[LAST_APPLIED]
  return entryFromText(JSON.stringify(object), { managedFields: 'keep' })
}

/** Returns the entry itself when it has only metadata; otherwise an entry with the metadata of its object. */
function onlyMetadata<T>(entry: Entry<T>): Entry<T> {
  const { text } = entry
  let isPartial = false
  let metadata = '{}'
  forEachMember(text, skipSpace(text, 0), (key, start) => {
    if (key === 'kind') isPartial = stringAt(text, start) === PARTIAL.kind
    if (isPartial) return STOP
    const end = skipValue(text, start)
    if (key === 'metadata') metadata = text.slice(start, end)
    return end
  })
  // The entry's managedFields are dropped already, if they should be.
  return isPartial ? entry : entryFromText(`{"metadata":${metadata}}`, { typeMeta: PARTIAL, managedFields: 'keep' })
}
