import type { UnparsedEntry } from '../../src/codec/entry'
import type { StoreChange, StoreUpdate } from '../../src/store/changes'

// Requests, states and updates in words short enough to be compared in a test.

/**
 * What a request asks for: `list ≥0` (not older than version 0), `list newest limit 2`, `list next limit 2` (the next page),
 * `stream ≥101` and `stream newest` (a watch that begins with the state), `watch 101`. What should never be sent stands out: `list 101 (no match)`.
 */
export function briefRequest({ searchParams }: URL): string {
  const version = searchParams.get('resourceVersion') ?? ''
  const match = searchParams.get('resourceVersionMatch')
  const streaming = searchParams.has('sendInitialEvents')
  if (searchParams.has('watch') && !streaming) return `watch ${version}${match ? ` (${match})` : ''}`
  const at = version === '' ? 'newest' : match === 'NotOlderThan' ? `≥${version}` : `${version} (${match ?? 'no match'})`
  if (streaming) return `stream ${at}${match ? '' : ' (no match)'}`
  const limit = searchParams.has('limit') ? ` limit ${searchParams.get('limit')}` : ''
  return searchParams.has('continue') ? `list next${limit}${version || match ? ` (with ${at})` : ''}` : `list ${at}${limit}`
}

/** Whether a request is made beside the feed: to learn whether the server has the store's history, or whether a silent watch is alive. */
export function isProbe({ searchParams }: URL, pageSize?: number): boolean {
  const match = searchParams.get('resourceVersionMatch')
  if (searchParams.get('limit') === '1') return match === 'Exact' || (match !== null && pageSize !== 1)
  return searchParams.has('watch') && searchParams.get('allowWatchBookmarks') !== 'true'
}

/** What a store did: `replace 102: +a@101 +b@102`, `apply 104: ~a@103 -b@104`, `resync 104: =a@103`. */
export function briefUpdate({ type, changes, resourceVersion }: StoreUpdate<unknown>): string {
  return `${type} ${resourceVersion}: ${changes.map(briefChange).join(' ')}`.trimEnd()
}

const SIGNS: Readonly<Record<StoreChange<unknown>['type'], string>> = { added: '+', updated: '~', deleted: '-', resynced: '=' }

const briefChange = ({ type, entry }: StoreChange<unknown>): string => SIGNS[type] + briefEntry(entry)

const briefEntry = ({ name, resourceVersion }: UnparsedEntry): string => `${name}@${resourceVersion}`

/** A state: `a@101 b@102`, sorted by key. */
export function briefState(entries: readonly UnparsedEntry[]): string {
  return [...entries]
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(briefEntry)
    .join(' ')
}
