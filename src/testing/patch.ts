// Applies JSON patches, merge patches and strategic merge patches.

import { nameOfStep } from '../api/json-pointer'
import { isJsonObject, type JsonObject, sameJson } from './json'

/** A patch that cannot be applied. */
export class PatchError extends Error {
  override readonly name = 'PatchError'
}

/** Applies a JSON merge patch (RFC 7386): `null` removes a member, arrays are replaced. Changes neither argument. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return patch
  const result: JsonObject = isJsonObject(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = mergePatch(result[key], value)
  }
  return result
}

// The merge keys of lists, by the name of the list; the API types declare them with `patchMergeKey`.
const MERGE_KEYS: Readonly<Record<string, readonly string[]>> = {
  containers: ['name'],
  initContainers: ['name'],
  ephemeralContainers: ['name'],
  volumes: ['name'],
  env: ['name'],
  imagePullSecrets: ['name'],
  volumeMounts: ['mountPath'],
  volumeDevices: ['devicePath'],
  hostAliases: ['ip'],
  ownerReferences: ['uid'],
  conditions: ['type'],
  addresses: ['type'],
  // Ports of a container are keyed by containerPort, those of a service by port.
  ports: ['containerPort', 'port'],
}
// Lists of scalar values that merge as sets.
const SETS: ReadonlySet<string> = new Set(['finalizers'])

/** Whether lists of this name merge as sets of scalar values. */
export const isSet = (name: string): boolean => SETS.has(name)

/** Returns the merge key of a list; undefined when the list is atomic. */
export function mergeKeyOf(name: string, items: readonly unknown[]): string | undefined {
  return (MERGE_KEYS[name] ?? []).find((candidate) => items.some((item) => isJsonObject(item) && candidate in item))
}

/**
 * Applies a strategic merge patch: a merge patch that also merges lists with a merge key. Supports `$patch: delete`, `$patch: replace` and
 * `$deleteFromPrimitiveList`, but ignores `$setElementOrder`. Changes neither argument.
 */
export function strategicMergePatch(target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return patch
  const { $patch: directive, ...members } = patch
  if (directive === 'replace') return members
  const result: JsonObject = isJsonObject(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(members)) {
    if (key.startsWith('$')) removeFromSet(result, key, value)
    else if (value === null || (isJsonObject(value) && value.$patch === 'delete')) delete result[key]
    else if (Array.isArray(value)) result[key] = mergeList(key, result[key], value)
    else result[key] = strategicMergePatch(result[key], value)
  }
  return result
}

function removeFromSet(result: JsonObject, directive: string, values: unknown): void {
  const [name, list = ''] = directive.split('/')
  const current = result[list]
  if (name === '$deleteFromPrimitiveList' && Array.isArray(current) && Array.isArray(values))
    result[list] = current.filter((item) => !values.includes(item))
}

function mergeList(name: string, target: unknown, patch: readonly unknown[]): unknown[] {
  const current: unknown[] = Array.isArray(target) ? target : []
  if (isSet(name)) return [...new Set([...current, ...patch])]
  const key = mergeKeyOf(name, [...patch, ...current])
  if (!key) return [...patch]
  let result = patch.some((item) => isJsonObject(item) && item.$patch === 'replace') ? [] : [...current]
  for (const item of patch) {
    if (!isJsonObject(item) || item.$patch === 'replace') continue
    const at = result.findIndex((candidate) => isJsonObject(candidate) && candidate[key] === item[key])
    if (item.$patch === 'delete') result = result.filter((_, i) => i !== at)
    else if (at < 0) result.push(strategicMergePatch({}, item))
    else result[at] = strategicMergePatch(result[at], item)
  }
  return result
}

/**
 * Applies a JSON patch (RFC 6902). Changes neither argument.
 *
 * @throws PatchError when it is not a JSON patch, a path does not exist or a test fails.
 */
export function jsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw new PatchError('a JSON patch must be a list of operations')
  return patch.reduce((document: unknown, operation: unknown) => applyOperation(document, operation), structuredClone(target))
}

function applyOperation(document: unknown, operation: unknown): unknown {
  if (!isJsonObject(operation)) throw new PatchError('an operation of a JSON patch must be an object')
  const { op, value } = operation
  const path = pointer(operation.path)
  switch (op) {
    case 'add':
      return add(document, path, structuredClone(value))
    case 'remove':
      return remove(document, path)
    case 'replace':
      return add(remove(document, path), path, structuredClone(value))
    case 'move': {
      const from = pointer(operation.from)
      const moved = read(document, from)
      return add(remove(document, from), path, moved)
    }
    case 'copy':
      return add(document, path, structuredClone(read(document, pointer(operation.from))))
    case 'test':
      if (!sameJson(read(document, path), value)) throw new PatchError(`testing value ${operation.path} failed`)
      return document
    default:
      throw new PatchError(`unexpected kind of operation: ${String(op)}`)
  }
}

function pointer(path: unknown): string[] {
  if (typeof path !== 'string' || (path !== '' && !path.startsWith('/'))) throw new PatchError(`not a JSON pointer: ${String(path)}`)
  return path.split('/').slice(1).map(nameOfStep)
}

function read(document: unknown, path: readonly string[]): unknown {
  return path.reduce((parent: unknown, key) => {
    if (Array.isArray(parent)) return parent[indexIn(parent, key, parent.length - 1)]
    if (isJsonObject(parent) && Object.hasOwn(parent, key)) return parent[key]
    throw new PatchError(`there is no value at ${path.join('/')}`)
  }, document)
}

function add(document: unknown, path: readonly string[], value: unknown): unknown {
  const key = path.at(-1)
  if (key === undefined) return value
  const parent = read(document, path.slice(0, -1))
  if (Array.isArray(parent)) parent.splice(key === '-' ? parent.length : indexIn(parent, key, parent.length), 0, value)
  else if (isJsonObject(parent)) parent[key] = value
  else throw new PatchError(`there is no value at ${path.join('/')}`)
  return document
}

function remove(document: unknown, path: readonly string[]): unknown {
  read(document, path)
  const key = path.at(-1)
  if (key === undefined) return undefined
  const parent = read(document, path.slice(0, -1))
  if (Array.isArray(parent)) parent.splice(Number(key), 1)
  else delete (parent as JsonObject)[key]
  return document
}

function indexIn(list: readonly unknown[], key: string, last: number): number {
  const index = /^(0|[1-9]\d*)$/.test(key) ? Number(key) : -1
  if (index < 0 || index > last) throw new PatchError(`a list of ${list.length} has no index ${key}`)
  return index
}
