// The managers of an object's fields, from its managedFields.

import type { KubeObject, ManagedFieldsEntry } from '../api/object'
import { pathText } from './diff'

/** A manager of a field: the client that set it last, or one of several that applied the same value. */
export interface FieldOwner {
  /** Such as `kubectl-client-side-apply` or `kube-controller-manager`. */
  readonly manager: string
  /** `Apply` for server-side apply, `Update` for every other write. */
  readonly operation: string
  /** Such as `status` or `scale`; undefined for the object itself. */
  readonly subresource: string | undefined
  /** The time of the manager's last change of its fields, RFC 3339. */
  readonly time: string | undefined
}

/**
 * Returns the managers of an object's fields. An informer drops managedFields unless it has `managedFields: 'keep'`; for one object, read them with
 * `client.get`.
 *
 * @param managedFields default: those of the object. The object itself is needed to find list items, which managedFields name by their keys.
 * @returns owners by path, written as `diff` writes it. A list or an object that is managed as a whole has one path. Paths that the object does not
 *   have are left out.
 * @example
 * ```ts
 * const owners = ownersOf(await client.get(Deployment, 'web', { namespace: 'shop' }))
 * owners.get('spec.replicas')?.map(({ manager }) => manager) // ['kube-controller-manager']
 * ```
 * @see structured-merge-diff `fieldpath.Set`: `f:` names a member, `k:` an item by its keys, `v:` an item by its value, `i:` by its index
 */
export function ownersOf(
  object: KubeObject,
  managedFields: readonly ManagedFieldsEntry[] = object.metadata.managedFields ?? [],
): Map<string, FieldOwner[]> {
  const owners = new Map<string, FieldOwner[]>()
  for (const { manager = '', operation = '', subresource, time, fieldsV1 } of managedFields) {
    const owner = { manager, operation, subresource, time }
    for (const path of pathsOf(Object(fieldsV1), object, [])) {
      const text = pathText(path)
      owners.set(text, [...(owners.get(text) ?? []), owner])
    }
  }
  return owners
}

/**
 * Returns the managers of a field: of the field itself, else of the closest list or object around it that is managed as a whole, else of what is in it.
 *
 * @param owners the result of {@link ownersOf}.
 * @param path such as the `path` of a difference.
 */
export function ownersAt(owners: ReadonlyMap<string, readonly FieldOwner[]>, path: string): readonly FieldOwner[] {
  for (let at = path; at !== ''; at = parentOf(at)) {
    const own = owners.get(at)
    if (own) return own
  }
  return [...new Set([...owners].flatMap(([each, own]) => (isBelow(each, path) ? own : [])))]
}

/** The last step of a path: a name, or a name or an index in brackets. */
const LAST_STEP = /(^|\.)[^.[\]"'\s]+$|\[("(?:[^"\\]|\\.)*"|\d+)\]$/

/** The path around a path; the empty string for a path whose last step cannot be read, so that going up always ends. */
function parentOf(path: string): string {
  const found = LAST_STEP.exec(path)
  return found ? path.slice(0, found.index) : ''
}

function isBelow(path: string, above: string): boolean {
  return path.startsWith(above) && '.['.includes(path[above.length] ?? ' ')
}

type Fields = Readonly<Record<string, object>>

function* pathsOf(fields: Fields, value: unknown, path: readonly (string | number)[]): Generator<readonly (string | number)[], void> {
  const names = Object.keys(fields).filter((name) => name !== '.')
  // Without members, the set names the value as a whole. A list item that is named by its key alone has a dot only.
  if (names.length === 0 && path.length > 0) yield path
  for (const name of names) {
    const step = stepOf(name, value)
    const below = step === undefined ? undefined : (value as Record<string | number, unknown>)[step]
    if (step !== undefined && below !== undefined) yield* pathsOf(Object(fields[name]), below, [...path, step])
  }
}

/** The member or the index that an element of a set names. */
function stepOf(name: string, value: unknown): string | number | undefined {
  const [kind, selector] = [name.slice(0, 2), name.slice(2)]
  if (!Array.isArray(value)) return kind === 'f:' && Object.hasOwn(Object(value), selector) ? selector : undefined
  const wanted = parsed(selector)
  if (kind === 'i:') return typeof wanted === 'number' ? wanted : undefined
  if (kind === 'v:') return indexOf(value, (item) => isSame(item, wanted))
  if (kind !== 'k:' || wanted === undefined) return undefined
  const keys = Object.entries(Object(wanted))
  return keys.length === 0 ? undefined : indexOf(value, (item) => keys.every(([key, of]) => isSame(Object(item)[key], of)))
}

/** The value of a selector; undefined when it is not JSON. */
function parsed(selector: string): unknown {
  try {
    return JSON.parse(selector)
  } catch {
    return undefined
  }
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

function indexOf(items: readonly unknown[], isWanted: (item: unknown) => boolean): number | undefined {
  const index = items.findIndex(isWanted)
  return index < 0 ? undefined : index
}
