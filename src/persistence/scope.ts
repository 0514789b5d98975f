import { PersistenceError } from '../errors'
import type { Scope } from './persister'

const FIELDS = [
  'cluster',
  'user',
  'resource',
  'namespace',
  'labelSelector',
  'fieldSelector',
  'version',
] as const satisfies readonly (keyof Scope)[]

/** One string for each scope: equal when, and only when, every field is. */
export function scopeId(scope: Scope): string {
  return JSON.stringify(FIELDS.map((field) => scope[field]))
}

/** Whether the scope of this id has every field that is given. An id that is none matches only when no field is given. */
export function scopeMatches(id: string, fields: Partial<Scope>): boolean {
  const given = FIELDS.flatMap((field, at) => (fields[field] === undefined ? [] : [{ at, value: fields[field] }]))
  if (given.length === 0) return true
  let values: unknown
  try {
    values = JSON.parse(id)
  } catch {
    return false
  }
  return Array.isArray(values) && given.every(({ at, value }) => values[at] === value)
}

/** The error of a commit that its scope does not take any more. */
export function fencedError(id: string): PersistenceError {
  return new PersistenceError(
    'fenced',
    `${id}: another writer took this snapshot over, or it was cleared; what this writer has is no longer stored`,
  )
}

/** The error of an `apply` that has no state to go on from. */
export function baselessError(id: string): PersistenceError {
  return new PersistenceError('fenced', `${id}: there is no stored state to apply changes to; load one, or commit a 'replace' first`)
}
