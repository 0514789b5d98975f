// Implements `metadata.managedFields` and server-side apply.

import type { KubeObject, ManagedFieldsEntry } from '../api/object'
import { isJsonObject, type JsonObject, sameJson } from './json'
import { isSet, mergeKeyOf } from './patch'

// A path is the keys of `fieldsV1` from the root to a leaf. Sets of paths are kept as text.

/** A field manager and its operation. */
export interface FieldManager {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  readonly apiVersion: string
  readonly subresource: string
  /** The time of the write, RFC 3339. */
  readonly time: string
}

/** A field that an apply would take from another manager. */
export interface OwnedField {
  readonly owner: ManagedFieldsEntry
  /** The path as kube-apiserver prints it: `.spec.containers[name="web"].image`. */
  readonly path: string
}

type Path = string
const SEPARATOR = '\u0000'
// Identifying fields and fields of the server have no manager.
const OWNABLE_METADATA = ['labels', 'annotations', 'finalizers', 'ownerReferences']

/** Returns the ownable fields of an object with their values. */
function fieldsOf(object: KubeObject): Map<Path, unknown> {
  const { apiVersion: _, kind: __, metadata, ...rest } = object
  const ownable = Object.entries(metadata).filter(([name]) => OWNABLE_METADATA.includes(name))
  return new Map(leaves({ metadata: Object.fromEntries(ownable), ...rest }, [], ''))
}

function* leaves(value: unknown, path: readonly string[], name: string): Generator<[Path, unknown], void, undefined> {
  if (isJsonObject(value) && (path.length === 0 || Object.keys(value).length > 0)) {
    for (const [key, member] of Object.entries(value)) yield* leaves(member, [...path, `f:${key}`], key)
    return
  }
  if (Array.isArray(value) && isSet(name)) {
    for (const item of value) yield [[...path, `v:${JSON.stringify(item)}`].join(SEPARATOR), item]
    return
  }
  const key = Array.isArray(value) ? mergeKeyOf(name, value) : undefined
  if (!Array.isArray(value) || !key) return yield [path.join(SEPARATOR), value]
  for (const item of value.filter(isJsonObject)) {
    const at = [...path, `k:${JSON.stringify({ [key]: item[key] })}`]
    yield [[...at, '.'].join(SEPARATOR), undefined]
    yield* leaves(item, at, '')
  }
}

/** Reads the fields of an entry. */
function ownedBy({ fieldsV1 }: ManagedFieldsEntry): Set<Path> {
  const paths = new Set<Path>()
  const walk = (tree: unknown, path: readonly string[]) => {
    const members = isJsonObject(tree) ? Object.entries(tree) : []
    if (members.length === 0) paths.add(path.join(SEPARATOR))
    for (const [key, subtree] of members) walk(subtree, [...path, key])
  }
  walk(fieldsV1, [])
  return paths
}

function treeOf(paths: Iterable<Path>): JsonObject {
  const root: JsonObject = {}
  for (const path of paths) {
    let tree = root
    for (const key of path.split(SEPARATOR)) {
      tree[key] ??= {}
      tree = tree[key] as JsonObject
    }
  }
  return root
}

/**
 * Applies the fields of a manager. `merged` holds the new values. Fields that the manager applied before and omits now are removed, unless
 * another manager owns them, too.
 *
 * @param live the object before; undefined for a new object.
 * @returns the new object, or the conflicts with other managers when the apply is not forced.
 * @see structured-merge-diff `Updater.Apply`
 */
export function applyFields(
  live: KubeObject | undefined,
  merged: KubeObject,
  applied: KubeObject,
  by: FieldManager,
  force: 'force' | 'fail',
): { readonly object: KubeObject } | { readonly owned: readonly OwnedField[] } {
  const wanted = fieldsOf(applied)
  const present = live ? fieldsOf(live) : new Map<Path, unknown>()
  const entries = live?.metadata.managedFields ?? []
  const others = entries.filter((entry) => !isOf(entry, by))
  const mine = entries.find((entry) => isOf(entry, by))
  const taken = (path: Path) => wanted.has(path) && present.has(path) && !sameJson(wanted.get(path), present.get(path))
  const conflicts = others.flatMap((owner) => [...ownedBy(owner)].filter(taken).map((path) => ({ owner, path: print(path) })))
  if (conflicts.length > 0 && force === 'fail') return { owned: conflicts }
  const kept = others
    .map((entry) =>
      withFields(
        entry,
        [...ownedBy(entry)].filter((path) => !taken(path)),
      ),
    )
    .filter(ownsSomething)
  const stillOwned = new Set(kept.flatMap((entry) => [...ownedBy(entry)]))
  const next = structuredClone(merged)
  const dropped = mine ? [...ownedBy(mine)].filter((path) => !wanted.has(path) && !stillOwned.has(path)) : []
  for (const path of dropped) removeAt(next as unknown as JsonObject, path.split(SEPARATOR))
  next.metadata.managedFields = [...kept, entryFor(mine, wanted.keys(), by)]
  return { object: next }
}

/** Returns the object with a managedFields entry for the fields that a write other than apply has changed. */
export function noteUpdate(old: KubeObject | undefined, object: KubeObject, by: FieldManager): KubeObject {
  const before = old ? fieldsOf(old) : new Map<Path, unknown>()
  const after = fieldsOf(object)
  const changed = [...after.keys()].filter((path) => !before.has(path) || !sameJson(before.get(path), after.get(path)))
  const entries = (old ?? object).metadata.managedFields ?? []
  const mine = entries.find((entry) => isOf(entry, by))
  const keeps = (path: Path) => after.has(path) && !changed.includes(path)
  const others = entries.filter((entry) => entry !== mine).map((entry) => withFields(entry, [...ownedBy(entry)].filter(keeps)))
  const owned = [...(mine ? ownedBy(mine) : []), ...changed].filter((path) => after.has(path))
  const managedFields = [...others, ...(owned.length > 0 ? [entryFor(mine, owned, by)] : [])].filter(ownsSomething)
  return { ...object, metadata: { ...object.metadata, managedFields } }
}

function isOf({ manager, operation, subresource = '' }: ManagedFieldsEntry, by: FieldManager): boolean {
  return manager === by.manager && operation === by.operation && subresource === by.subresource
}

function entryFor(old: ManagedFieldsEntry | undefined, paths: Iterable<Path>, by: FieldManager): ManagedFieldsEntry {
  const { manager, operation, apiVersion, time, subresource } = by
  const fieldsV1 = treeOf(paths)
  // A write without changes keeps the time, so that it creates no new version.
  if (old && sameJson(old.fieldsV1, fieldsV1)) return old
  return { manager, operation, apiVersion, time, fieldsType: 'FieldsV1', fieldsV1, ...(subresource && { subresource }) }
}

const withFields = (entry: ManagedFieldsEntry, paths: readonly Path[]): ManagedFieldsEntry => ({ ...entry, fieldsV1: treeOf(paths) })
const ownsSomething = ({ fieldsV1 }: ManagedFieldsEntry): boolean => isJsonObject(fieldsV1) && Object.keys(fieldsV1).length > 0

function removeAt(parent: JsonObject, [key = '', ...rest]: readonly string[]): void {
  const name = key.slice(2)
  const value = parent[name]
  const [next = '', ...after] = rest
  if (rest.length === 0) delete parent[name]
  else if (Array.isArray(value)) {
    const item = JSON.parse(next.slice(2)) as unknown
    const at = value.findIndex((candidate) => sameJson(next.startsWith('v:') ? candidate : keyOf(candidate, item), item))
    if (at < 0) return
    if (after.length === 0 || after[0] === '.') value.splice(at, 1)
    else removeAt(value[at] as JsonObject, after)
    if (value.length === 0) delete parent[name]
  } else if (isJsonObject(value)) {
    removeAt(value, rest)
    if (Object.keys(value).length === 0) delete parent[name]
  }
}

function keyOf(candidate: unknown, item: unknown): unknown {
  const [key = ''] = isJsonObject(item) ? Object.keys(item) : []
  return isJsonObject(candidate) ? { [key]: candidate[key] } : undefined
}

function print(path: Path): string {
  const parts = path.split(SEPARATOR).map((key) => {
    if (key === '.') return ''
    if (key.startsWith('f:')) return `.${key.slice(2)}`
    const item = JSON.parse(key.slice(2)) as unknown
    const [[name = '', value] = []] = isJsonObject(item) ? Object.entries(item) : [['', item] as const]
    return `[${name}=${JSON.stringify(value)}]`
  })
  return parts.join('')
}
