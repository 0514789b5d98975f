// Keeps Secrets out of storage unless they are named.
import { PersistenceError } from '../errors'
import type { Scope } from './persister'

/** Secrets, however their path is written: the API server's paths begin a segment with the plural, and another server may not mind the case. */
const SECRETS = /(?:^|[/\\])secrets(?=$|[./\\?#])/i

/** Which sensitive resources may be stored. */
export interface SensitiveOptions {
  /** Resources that are to be stored although they hold secrets, by their plural: `['secrets']`. Default: none. */
  sensitive?: readonly string[] | undefined
}

/**
 * Refuses to store Secrets, as objects, metadata or rows, unless they are asked for by name.
 *
 * @throws PersistenceError with code `'refused'` for secrets that `sensitive` does not name.
 */
export function refuseSecrets({ resource }: Pick<Scope, 'resource'>, { sensitive = [] }: SensitiveOptions): void {
  if (SECRETS.test(resource) && !sensitive.includes('secrets'))
    throw new PersistenceError('refused', `${resource} are not stored on a disk unless asked for by name: sensitive: ['secrets']`)
}
