// Converts scopes to storage keys.

import type { Scope } from './persister'

const FIELDS = [
  'cluster',
  'user',
  'resource',
  'namespace',
  'labelSelector',
  'fieldSelector',
  'version',
  'impersonates',
] as const satisfies readonly (keyof Scope)[]

/** Returns a string that identifies a scope. Two strings are equal exactly when all fields are. */
export function scopeId(scope: Scope): string {
  return JSON.stringify(FIELDS.map((field) => scope[field] ?? ''))
}

/** Whether the scope with this id matches every given field. A malformed id matches only when no field is given. */
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
