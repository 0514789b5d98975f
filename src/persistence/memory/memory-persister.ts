// A persister that keeps snapshots in memory.

import type { Commit, LoadOptions, Persister, Scope, Snapshot } from '../persister'
import { scopeId, scopeMatches } from '../scope'
import { admit, checkCommit, type ScopeHead } from '../writer'

/** The record that a {@link memoryPersister} keeps for one scope. */
interface MemoryRecord extends ScopeHead {
  /** Texts by key. */
  readonly texts: Map<string, string>
}

/** The storage of a {@link memoryPersister}. */
export type MemoryStorage = Map<string, MemoryRecord>

/**
 * Keeps snapshots in memory, for tests and for runtimes without storage. Fences writers like every persister.
 *
 * @param storage the map that holds them; default a new map. Two persisters with one map compete for it like two tabs for a database.
 */
export function memoryPersister(storage: MemoryStorage = new Map()): Persister {
  return {
    async load(scope: Scope, { writer, after, onRecords }: LoadOptions): Promise<Snapshot | undefined> {
      const id = scopeId(scope)
      const record = storage.get(id)
      admit(id, { writer, after }, record)
      const { resourceVersion, texts = new Map<string, string>() } = record ?? {}
      storage.set(id, { writer, resourceVersion, texts })
      if (resourceVersion === undefined) return undefined
      const records = Array.from(texts, ([key, text]) => ({ key, text }))
      if (records.length > 0) onRecords?.([...records].reverse(), 0)
      return { resourceVersion, records }
    },

    async commit(scope: Scope, change: Commit): Promise<void> {
      const id = scopeId(scope)
      const record = storage.get(id)
      checkCommit(id, change, record)
      // Read everything before the first change: the text of an entry may throw.
      const puts = change.puts.map(({ key, text }) => [key, text] as const)
      const texts = change.type === 'apply' && record ? record.texts : new Map<string, string>()
      if (change.type === 'apply') for (const key of change.deletes) texts.delete(key)
      for (const [key, text] of puts) texts.set(key, text)
      const { writer, resourceVersion } = change
      storage.set(id, { writer, resourceVersion, texts })
    },

    async clear(fields: Partial<Scope> = {}): Promise<void> {
      for (const id of [...storage.keys()]) if (scopeMatches(id, fields)) storage.delete(id)
    },
  }
}
