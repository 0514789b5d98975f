import { type Entry, entryFromText } from '../meta/entry'
import type { KubeObject } from '../meta/object'
import type { PartialObjectMetadata } from '../meta/partial-object-metadata'
import type { Resource } from '../meta/resource'
import { forEachMember, STOP, skipSpace, skipValue, stringAt } from '../meta/scan'
import type { ArrivalOptions, EntryList, WatchEntry } from '../meta/wire'
import type { ListEntriesOptions } from '../transport/list'
import type { WatchEntriesOptions } from '../transport/watch'
import { type EntryClient, ListWatch, type ListWatchOptions } from './list-watch'

const PARTIAL = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1' } as const

/** kubectl's copy of what was applied: of a Secret, all of its values. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

const accept = (as: string) => `application/json;as=${as};g=meta.k8s.io;v=v1,application/json`

/**
 * Reads only the metadata of a collection's objects: the source of a Reflector. From a server that knows only whole objects, as an aggregated one
 * may, it takes them, and keeps nothing but their metadata. Secrets lose the annotation in which kubectl keeps a copy of their values.
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

/** The function that makes an entry of what a collection sends. */
function keeperOf<T>({ group, plural }: Pick<Resource, 'group' | 'plural'>): (entry: Entry<T>) => Entry<T> {
  return group === '' && plural === 'secrets' ? (entry) => withoutLastApplied(onlyMetadata(entry)) : onlyMetadata
}

function withoutLastApplied<T>(entry: Entry<T>): Entry<T> {
  // Most Secrets were never applied by kubectl, and need not be parsed.
  if (!entry.text.includes('last-applied-configuration')) return entry
  const object = JSON.parse(entry.text) as PartialObjectMetadata
  delete object.metadata.annotations?.[LAST_APPLIED]
  return entryFromText(JSON.stringify(object), { managedFields: 'keep' })
}

/** The entry as it is when there is nothing else in it, and otherwise one with the metadata of its object. */
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
  // What was dropped of the metadata is dropped already.
  return isPartial ? entry : entryFromText(`{"metadata":${metadata}}`, { typeMeta: PARTIAL, managedFields: 'keep' })
}
