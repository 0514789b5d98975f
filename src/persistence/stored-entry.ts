import { PersistenceError } from '../errors'
import type { Entry } from '../meta/entry'
import type { Scope } from './persister'

/** What {@link storedEntryCheck} is given. */
export interface StoredEntryRules<T> {
  /** The key under which the store keeps an entry. */
  readonly keyOf: (entry: Entry<T>) => string
  /** Throws when an entry is of another kind than expected, or its schema refuses it. */
  readonly check: ((entry: Entry<T>) => void) | undefined
}

/** Makes the check of what storage holds for a scope: storage can be damaged, or written by another version of the application. */
export function storedEntryCheck<T>({ namespace }: Scope, { keyOf, check }: StoredEntryRules<T>): (entry: Entry<T>, key: string) => void {
  return (entry, key) => {
    const own = keyOf(entry)
    if (own !== key) throw new PersistenceError('damaged', `the object stored as ${key} is ${own}`)
    if (namespace && entry.namespace !== namespace)
      throw new PersistenceError('damaged', `${key} is stored among the objects of the namespace ${namespace}`)
    check?.(entry)
  }
}
