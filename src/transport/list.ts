import { isExpiredError } from '../errors'
import type { Entry } from '../meta/entry'
import { metaNamespaceKey } from '../meta/keys'
import type { KubeList, KubeObject } from '../meta/object'
import { apiVersionOf, type Resource, resourcePath } from '../meta/resource'
import type { ArrivalOptions, EntryList, ListOptions, RequestOptions } from '../meta/wire'
import { readChunks } from './body'
import { ListCutter } from './list-cutter'
import { searchParams } from './params'
import type { Requester } from './requester'

/** What a list of entries can be given. */
export interface ListEntriesOptions extends ListOptions, RequestOptions {
  /** Whether to keep `metadata.managedFields`; default `'drop'`. */
  managedFields?: 'drop' | 'keep' | undefined
  /** The media types asked for, when not plain JSON. */
  accept?: string | undefined
}

/** Lists a collection, cutting the items out of the response as it arrives. */
export async function listEntries<T extends KubeObject>(
  client: Requester,
  resource: Resource<T>,
  {
    namespace,
    managedFields,
    accept,
    signal,
    onBytes,
    onEntries,
    ...options
  }: ListEntriesOptions & ArrivalOptions<T> & { namespace?: string | undefined },
): Promise<EntryList<T>> {
  const path = resourcePath(resource, { namespace })
  const response = await client.request({ path, params: searchParams(options), headers: accept ? { accept } : undefined, signal })
  const cutter = new ListCutter<T>({ managedFields, typeMeta: { kind: resource.kind, apiVersion: apiVersionOf(resource) } })
  const entries: Entry<T>[] = []
  const keep = (entry: Entry<T>) => void entries.push(entry)
  for await (const chunk of readChunks(response, { method: 'GET', url: `${client.baseUrl}/${path}` }, { signal, onBytes })) {
    const before = entries.length
    cutter.push(chunk, keep)
    if (onEntries && entries.length > before) onEntries(entries.slice(before))
  }
  const { resourceVersion = '', continue: token = '', remainingItemCount } = cutter.end()
  return { resourceVersion, continue: token, remainingItemCount, entries }
}

/** Reads page after page; see `KubeClient.pages`. */
export async function* listPages<T extends KubeObject>(
  list: (page: ListOptions) => Promise<KubeList<T>>,
  { limit = 500, resourceVersion, resourceVersionMatch }: ListOptions,
): AsyncGenerator<KubeList<T>, void, undefined> {
  const given = new Set<string>()
  let page = await list({
    limit,
    resourceVersion,
    resourceVersionMatch: resourceVersionMatch ?? (resourceVersion ? 'NotOlderThan' : undefined),
  })
  for (;;) {
    const token = page.metadata.continue
    for (const item of page.items) given.add(metaNamespaceKey(item))
    yield page
    if (!token) return
    try {
      // A token carries its version: neither a resourceVersion nor a match may stand beside it.
      page = await list({ limit, continue: token, resourceVersion: undefined, resourceVersionMatch: undefined })
    } catch (error) {
      if (!isExpiredError(error)) throw error
      const rest = await list({
        limit: undefined,
        continue: undefined,
        resourceVersion: page.metadata.resourceVersion,
        resourceVersionMatch: 'NotOlderThan',
      })
      yield { ...rest, items: rest.items.filter((item) => !given.has(metaNamespaceKey(item))) }
      return
    }
  }
}
