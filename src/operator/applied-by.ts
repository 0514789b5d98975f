// Extracts the fields of an object that one manager has applied.

import type { KubeObject } from '../api/object'
import type { ApplyConfiguration } from '../api/patch'

type Fields = Readonly<Record<string, unknown>>

/**
 * Returns the fields that a manager owns by server-side apply, so that it can apply them again with more or less. Applying the result without
 * a field removes that field, and no field of another manager. Needs `metadata.managedFields`, which lists of informers drop by default.
 *
 * @returns a configuration with the object's identity, and nothing else where the manager has applied nothing.
 * @see client-go `ExtractInto`
 * @example
 * ```ts
 * const web = await client.get(Deployment, 'web', { namespace: 'shop' })
 * await client.apply(Deployment, { ...appliedBy(web, 'dashboard'), spec }, { fieldManager: 'dashboard' })
 * ```
 */
export function appliedBy<T extends KubeObject>(object: T, fieldManager: string): ApplyConfiguration<T> {
  const { name, namespace, managedFields = [] } = object.metadata
  const entry = managedFields.find(
    ({ manager, operation, subresource }) => manager === fieldManager && operation === 'Apply' && !subresource,
  )
  const own = (entry?.fieldsV1 ? extract(object, entry.fieldsV1 as Fields) : {}) as { metadata?: object }
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    ...own,
    metadata: { ...own.metadata, name, ...(namespace !== undefined && { namespace }) },
  } as unknown as ApplyConfiguration<T>
}

/**
 * Returns the part of a value that a field set names.
 *
 * @see structured-merge-diff `fieldpath.Set`: `f:` names a member, `k:` an item by its keys, `v:` an item by its value, `i:` by its index
 */
function extract(value: unknown, fields: Fields): unknown {
  const names = Object.keys(fields).filter((name) => name !== '.')
  if (names.length === 0) return value
  if (Array.isArray(value)) return extractItems(value, fields, names)
  if (typeof value !== 'object' || value === null) return value
  const members = value as Fields
  const result: Record<string, unknown> = {}
  for (const name of names) {
    const member = name.slice(2)
    if (name.startsWith('f:') && Object.hasOwn(members, member)) result[member] = extract(members[member], fields[name] as Fields)
  }
  return result
}

function extractItems(items: readonly unknown[], fields: Fields, names: readonly string[]): unknown[] {
  return items.flatMap((item, index) => {
    for (const name of names) {
      const selector = name.slice(2)
      if (name.startsWith('k:')) {
        const keys = JSON.parse(selector) as Fields
        if (Object.entries(keys).every(([key, wanted]) => JSON.stringify((item as Fields | null)?.[key]) === JSON.stringify(wanted)))
          return [{ ...keys, ...(extract(item, fields[name] as Fields) as object) }]
      } else if (name.startsWith('v:') ? JSON.stringify(item) === selector : name === `i:${index}`) return [item]
    }
    return []
  })
}
