// Lists collections, as entries or as objects.

import { checkSchema } from '../api/check'
import { isExpiredError, ParseError, type RequestSummary } from '../api/errors'
import { metaNamespaceKey } from '../api/keys'
import type { KubeList, KubeObject, ListMeta } from '../api/object'
import type { ListOptions, RequestOptions } from '../api/options'
import { apiVersionOf, type Resource, resourcePath } from '../api/resource'
import type { Entry } from '../codec/entry'
import { asListMeta } from '../codec/envelopes'
import { ListCutter } from '../codec/list-cutter'
import type { ArrivalOptions, EntryList, Skipped } from '../codec/wire'
import { readChunks } from './body'
import { entryParams } from './entry-params'
import { locate, readJson, throwIfFailure } from './json'
import { PageTokens } from './pages'
import { searchParams } from './params'
import type { Requester } from './requester'

/** Options of a list of entries. */
export interface ListEntriesOptions extends ListOptions, RequestOptions {
  /** Whether to keep `metadata.managedFields`; default `'drop'`. */
  managedFields?: 'drop' | 'keep' | undefined
  /** The accepted media types; default plain JSON. */
  accept?: string | undefined
  /** Whether the result has the entries, or they are only passed to `onEntries`. Default `'collect'`. */
  entries?: 'collect' | 'pass' | undefined
}

/** Lists a collection. Cuts the items out of the response as it arrives. */
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
    entries: destiny = 'collect',
    ...options
  }: ListEntriesOptions & ArrivalOptions<T> & { namespace?: string | undefined },
): Promise<EntryList<T>> {
  const path = resourcePath(resource, { namespace })
  const request: RequestSummary = { method: 'GET', url: `${client.baseUrl}/${path}` }
  const response = await client.request({
    path,
    params: await entryParams(options),
    headers: accept ? { accept } : undefined,
    signal,
    ownPolicy: true,
  })
  const cutter = new ListCutter<T>({ managedFields, typeMeta: { kind: resource.kind, apiVersion: apiVersionOf(resource) } })
  const entries: Entry<T>[] = []
  try {
    for await (const chunk of readChunks(response, request, { signal, onBytes })) {
      const arrived: Entry<T>[] = []
      cutter.push(chunk, (entry) => void arrived.push(entry))
      if (arrived.length > 0) onEntries?.(arrived)
      if (destiny === 'collect') for (const entry of arrived) entries.push(entry)
    }
    const { resourceVersion = '', continue: token = '', remainingItemCount } = listMetaFrom(cutter.end(), request)
    return { resourceVersion, continue: token, remainingItemCount, entries, ...located(cutter.skipped, response, request) }
  } catch (error) {
    throw locate(error, response, request)
  }
}

/** Lists a collection and parses it as a whole; see `KubeClient.list`. */
export async function listObjects<T extends KubeObject>(
  client: Requester,
  resource: Resource<T>,
  { namespace, signal, onBytes, ...options }: ListOptions & RequestOptions & { namespace?: string | undefined },
): Promise<KubeList<T>> {
  const path = resourcePath(resource, { namespace })
  const request: RequestSummary = { method: 'GET', url: `${client.baseUrl}/${path}` }
  const response = await client.request({ path, params: searchParams(options), signal })
  const list = await readJson<KubeList<T>>(response, request, { signal, onBytes })
  try {
    list.metadata = listMetaFrom(list, request)
  } catch (error) {
    throw locate(error, response, request)
  }
  list.items ??= []
  for (const item of list.items) checkSchema(resource.schema, item)
  return list
}

/**
 * Returns the metadata of a value that should be a list. Does not look at the items.
 *
 * @throws ApiError for a Status that says `Failure`; ParseError for anything else.
 */
export function listMetaFrom(value: unknown, request: RequestSummary): ListMeta {
  const metadata = asListMeta(value)
  if (metadata) return metadata
  throwIfFailure(value, request)
  // The content may be long, or too deep to serialize.
  const shallow = JSON.stringify(value, (key, part) => (key !== '' && typeof part === 'object' && part !== null ? '…' : part))
  throw new ParseError('the response is not a Kubernetes list', shallow)
}

function located(skipped: Skipped | undefined, response: Response, request: RequestSummary): { skipped?: Skipped } {
  if (!skipped) return {}
  return { skipped: { ...skipped, errors: skipped.errors.map((error) => locate(error, response, request) as Error) } }
}

/** Lists page by page; see `KubeClient.pages`. @throws also as {@link PageTokens.take}. */
export async function* listPages<T extends KubeObject>(
  list: (page: ListOptions) => Promise<KubeList<T>>,
  { limit = 500, resourceVersion, resourceVersionMatch }: ListOptions,
): AsyncGenerator<KubeList<T>, void, undefined> {
  const given = new Set<string>()
  const tokens = new PageTokens()
  let page = await list({
    limit,
    resourceVersion,
    resourceVersionMatch: resourceVersionMatch ?? (resourceVersion ? 'NotOlderThan' : undefined),
  })
  for (;;) {
    const token = page.metadata.continue
    for (const item of page.items) if (item?.metadata?.name) given.add(metaNamespaceKey(item))
    yield page
    if (!token) return
    tokens.take(token)
    try {
      // A token contains its version, so the server accepts no resourceVersion or match beside it.
      page = await list({ limit, continue: token, resourceVersion: undefined, resourceVersionMatch: undefined })
    } catch (error) {
      if (!isExpiredError(error)) throw error
      const rest = await list({
        limit: undefined,
        continue: undefined,
        resourceVersion: page.metadata.resourceVersion,
        resourceVersionMatch: 'NotOlderThan',
      })
      yield { ...rest, items: rest.items.filter((item) => !item?.metadata?.name || !given.has(metaNamespaceKey(item))) }
      return
    }
  }
}
