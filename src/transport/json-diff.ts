import { jsonValue, memberPlace, writeJson } from './exact-json'
import type { JsonPatchOperation } from './patch'

/**
 * The JSON patch (RFC 6902) that makes `after` of `before`. What is the same in both is not named, so numbers that were rounded when `before`
 * was parsed stay as the server has them. Of lists the common beginning and end are left alone.
 *
 * @param before JSON, as it was parsed.
 * @throws TypeError naming the field when `after` has a number in a new place that cannot be written as it was: see {@link writeJson}.
 */
export function jsonDiff(before: unknown, after: unknown): JsonPatchOperation[] {
  const operations: JsonPatchOperation[] = []
  diff(before, after, { pointer: '', place: '' }, operations)
  return operations
}

interface Place {
  readonly pointer: string
  /** As errors name it. */
  readonly place: string
}

function diff(before: unknown, given: unknown, at: Place, operations: JsonPatchOperation[]): void {
  const after = jsonValue(given, '')
  if (Object.is(before, after)) return
  if (Array.isArray(before) && Array.isArray(after)) diffLists(before, after, at, operations)
  else if (isObject(before) && isObject(after)) diffObjects(before, after, at, operations)
  else put('replace', after, at, operations)
}

function diffObjects(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
  at: Place,
  operations: JsonPatchOperation[],
): void {
  for (const name of Object.keys(before)) {
    if (!Object.hasOwn(after, name) || jsonValue(after[name], name) === undefined) {
      operations.push({ op: 'remove', path: memberOf(at, name).pointer })
    }
  }
  for (const [name, value] of Object.entries(after)) {
    if (jsonValue(value, name) === undefined) continue
    if (Object.hasOwn(before, name)) diff(before[name], value, memberOf(at, name), operations)
    else put('add', value, memberOf(at, name), operations)
  }
}

function diffLists(before: readonly unknown[], after: readonly unknown[], at: Place, operations: JsonPatchOperation[]): void {
  const shorter = Math.min(before.length, after.length)
  let start = 0
  while (start < shorter && same(before[start], after[start])) start++
  let end = 0
  while (end < shorter - start && same(before.at(-1 - end), after.at(-1 - end))) end++
  const [oldEnd, newEnd] = [before.length - end, after.length - end]
  const both = Math.min(oldEnd, newEnd)
  for (let i = start; i < both; i++) diff(before[i], after[i] ?? null, itemOf(at, i), operations)
  // From the back, so that the indexes before it stay what they are.
  for (let i = oldEnd - 1; i >= both; i--) operations.push({ op: 'remove', path: itemOf(at, i).pointer })
  for (let i = both; i < newEnd; i++) put('add', after[i] ?? null, itemOf(at, i), operations)
}

function put(op: 'add' | 'replace', value: unknown, { pointer, place }: Place, operations: JsonPatchOperation[]): void {
  writeJson(value, place)
  operations.push({ op, path: pointer, value })
}

function same(before: unknown, given: unknown): boolean {
  const after = jsonValue(given, '')
  if (Object.is(before, after)) return true
  if (Array.isArray(before) && Array.isArray(after)) {
    return before.length === after.length && before.every((item, i) => same(item, after[i] ?? null))
  }
  if (!isObject(before) || !isObject(after)) return false
  const names = Object.keys(after).filter((name) => jsonValue(after[name], name) !== undefined)
  return (
    names.length === Object.keys(before).length && names.every((name) => Object.hasOwn(before, name) && same(before[name], after[name]))
  )
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const memberOf = ({ pointer, place }: Place, name: string): Place => ({
  pointer: `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
  place: memberPlace(place, name),
})

const itemOf = ({ pointer, place }: Place, i: number): Place => ({ pointer: `${pointer}/${i}`, place: `${place}[${i}]` })
