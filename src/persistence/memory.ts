import { Claims, newWriter } from './claims'
import type { Commit, LoadOptions, Persister, Scope, Snapshot } from './persister'
import { scopeId, scopeMatches } from './scope'

/** What {@link memoryPersister} keeps for one scope. */
interface MemoryRecord {
  readonly writer: string
  readonly state: { readonly resourceVersion: string; readonly texts: Map<string, string> } | undefined
}

/** Where a {@link memoryPersister} keeps its snapshots: a map of its own, unless it is given one. */
export type MemoryStorage = Map<string, MemoryRecord>

/**
 * Keeps snapshots in memory, for tests and for runtimes without storage. It fences writers as every persister does.
 *
 * @param storage what to keep them in. Two persisters that share one compete for it as two tabs do for a database.
 */
export function memoryPersister(storage: MemoryStorage = new Map()): Persister {
  const claims = new Claims()
  return {
    async load(scope: Scope, { onTexts }: LoadOptions = {}): Promise<Snapshot | undefined> {
      const id = scopeId(scope)
      const writer = newWriter()
      const state = storage.get(id)?.state
      storage.set(id, { writer, state })
      claims.hold(id, writer)
      if (state === undefined) return undefined
      const texts = [...state.texts.values()]
      if (texts.length > 0) onTexts?.([...texts].reverse(), 0)
      return { resourceVersion: state.resourceVersion, texts }
    },

    async commit(scope: Scope, change: Commit): Promise<void> {
      const id = scopeId(scope)
      const record = storage.get(id)
      const writer = claims.committer(id, change, record && { writer: record.writer, resourceVersion: record.state?.resourceVersion })
      // What throws when it is read does so before anything is changed.
      const puts = change.puts.map(({ key, text }) => [key, text] as const)
      const texts = change.type === 'apply' && record?.state ? record.state.texts : new Map<string, string>()
      if (change.type === 'apply') for (const key of change.deletes) texts.delete(key)
      for (const [key, text] of puts) texts.set(key, text)
      claims.hold(id, writer)
      storage.set(id, { writer, state: { resourceVersion: change.resourceVersion, texts } })
    },

    async clear(fields: Partial<Scope> = {}): Promise<void> {
      for (const id of [...storage.keys()]) if (scopeMatches(id, fields)) storage.delete(id)
    },
  }
}
