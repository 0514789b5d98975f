import { PersistenceError } from '../errors'
import type { Scope } from './persister'

/** Resources that are never stored unless they are named. */
const SENSITIVE = ['secrets']

/** Which sensitive resources may be stored. */
export interface SensitiveOptions {
  /** Resources that are to be stored although they hold secrets, by their plural: `['secrets']`. Default: none. */
  sensitive?: readonly string[] | undefined
}

/** @throws PersistenceError with code `'refused'` for secrets that `sensitive` does not name. */
export function refuseSecrets({ resource }: Scope, { sensitive = [] }: SensitiveOptions): void {
  const [plural = ''] = resource.split(/[./]/, 1)
  if (SENSITIVE.includes(plural) && !sensitive.includes(plural))
    throw new PersistenceError('refused', `${resource} are not stored on a disk unless asked for by name: sensitive: ['${plural}']`)
}
