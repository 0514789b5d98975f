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

/** Returns one string for each scope: two are equal exactly when every field is. */
export function scopeId(scope: Scope): string {
  return JSON.stringify(FIELDS.map((field) => scope[field] ?? ''))
}

/** Whether the scope with this id has every given field. A malformed id matches only when no field is given. */
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
