// Checks entries read from storage.

import { PersistenceError } from '../api/errors'
import type { Entry } from '../codec/entry'
import type { Scope } from './persister'

/** The rules for {@link storedEntryCheck}. */
export interface StoredEntryRules<T> {
  /** Returns the key under which the store keeps an entry. */
  readonly keyOf: (entry: Entry<T>) => string
  /** Throws for an entry of an unexpected kind, or one that its schema rejects. */
  readonly check: ((entry: Entry<T>) => void) | undefined
}

/** Makes a function that checks the entries of a scope: storage may be damaged, or written by another version of the application. */
export function storedEntryCheck<T>({ namespace }: Scope, { keyOf, check }: StoredEntryRules<T>): (entry: Entry<T>, key: string) => void {
  return (entry, key) => {
    const own = keyOf(entry)
    if (own !== key) throw new PersistenceError('damaged', `the object stored as ${key} is ${own}`)
    if (namespace && entry.namespace !== namespace)
      throw new PersistenceError('damaged', `${key} is stored among the objects of the namespace ${namespace}`)
    check?.(entry)
  }
}
