// Keeps Secrets out of storage unless the application opts in.

import { PersistenceError } from '../api/errors'
import type { Scope } from './persister'

/** Matches Secrets in any spelling of their path: a segment may have a suffix, and some servers ignore case. */
const SECRETS = /(?:^|[/\\])secrets(?=$|[./\\?#])/i

/** Options that allow sensitive resources to be stored. */
export interface SensitiveOptions {
  /** The plurals of sensitive resources to store: `['secrets']`. Default: none. */
  sensitive?: readonly string[] | undefined
}

/**
 * Throws for Secrets, whether as objects, metadata or rows, unless the options name them.
 *
 * @throws PersistenceError with code `'refused'` for secrets that `sensitive` does not name.
 */
export function refuseSecrets({ resource }: Pick<Scope, 'resource'>, { sensitive = [] }: SensitiveOptions): void {
  if (SECRETS.test(resource) && !sensitive.includes('secrets'))
    throw new PersistenceError('refused', `${resource} are not stored by default; to store them, set sensitive: ['secrets']`)
}
