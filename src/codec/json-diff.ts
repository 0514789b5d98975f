// Compares two JSON values: as a JSON patch, and as a list of differences to show.

import { pointerStep } from '../api/json-pointer'
import type { JsonPatchOperation } from '../api/patch'
import { jsonValue, memberPlace, writeJson } from './exact-json'

/** The member names and indexes that lead to a part of a value. */
export type JsonPath = readonly (string | number)[]

/** A part of a value that differs. */
export interface JsonChange {
  readonly op: 'add' | 'remove' | 'replace'
  /** The JSON pointer for a patch, whose operations are applied one after the other. */
  readonly pointer: string
  /** The place in the new value; of a removed part in the old one. */
  readonly path: JsonPath
  readonly before?: unknown
  readonly after?: unknown
}

/**
 * Returns the JSON patch (RFC 6902) from `before` to `after`. Does not mention equal parts, so that numbers that were rounded when `before`
 * was parsed keep the server's value. Matches list items by value, and leaves those that keep their order untouched.
 *
 * @param before parsed JSON.
 * @throws TypeError naming the field when `after` has a number in a new place that cannot be written exactly; see {@link writeJson}.
 */
export function jsonDiff(before: unknown, after: unknown): JsonPatchOperation[] {
  return jsonChanges(before, after).map(({ op, pointer, path, after }) => {
    if (op === 'remove') return { op, path: pointer }
    writeJson(after, placeOf(path))
    return { op, path: pointer, value: after }
  })
}

/** Returns the parts that differ, as {@link jsonDiff} finds them, in the order of a patch. */
export function jsonChanges(before: unknown, after: unknown): JsonChange[] {
  const changes: JsonChange[] = []
  diff(before, after, { pointer: '', old: [], now: [] }, changes)
  return changes
}

interface Place {
  readonly pointer: string
  /** The place in the old value, and in the new one. */
  readonly old: JsonPath
  readonly now: JsonPath
}

function diff(before: unknown, given: unknown, at: Place, changes: JsonChange[]): void {
  const after = jsonValue(given, '')
  if (Object.is(before, after)) return
  if (Array.isArray(before) && Array.isArray(after)) diffLists(before, after, at, changes)
  else if (isObject(before) && isObject(after)) diffObjects(before, after, at, changes)
  else changes.push({ op: 'replace', pointer: at.pointer, path: at.now, before, after })
}

function diffObjects(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
  at: Place,
  changes: JsonChange[],
): void {
  for (const name of Object.keys(before)) {
    if (!Object.hasOwn(after, name) || jsonValue(after[name], name) === undefined) changes.push(removal(before[name], memberOf(at, name)))
  }
  for (const [name, value] of Object.entries(after)) {
    if (jsonValue(value, name) === undefined) continue
    if (Object.hasOwn(before, name)) diff(before[name], value, memberOf(at, name), changes)
    else changes.push(addition(value, memberOf(at, name)))
  }
}

function diffLists(before: readonly unknown[], after: readonly unknown[], at: Place, changes: JsonChange[]): void {
  const kept = [...commonItems(before, after), { from: before.length, to: after.length }]
  // Processes the gaps between kept items from the end, so that earlier indexes stay valid.
  for (let k = kept.length - 1; k >= 0; k--) {
    const { from: oldEnd, to: newEnd } = kept[k] as Pair
    const previous = kept[k - 1] ?? { from: -1, to: -1 }
    const [oldStart, newStart] = [previous.from + 1, previous.to + 1]
    const both = Math.min(oldEnd - oldStart, newEnd - newStart)
    const place = (i: number) => itemOf(at, oldStart + i, newStart + i)
    for (let i = 0; i < both; i++) diff(before[oldStart + i], after[newStart + i] ?? null, place(i), changes)
    for (let i = oldEnd - oldStart - 1; i >= both; i--) changes.push(removal(before[oldStart + i], place(i)))
    for (let i = both; i < newEnd - newStart; i++) changes.push(addition(after[newStart + i] ?? null, place(i)))
  }
}

/** An item in both lists. */
interface Pair {
  readonly from: number
  readonly to: number
}

/**
 * The maximum number of pairs that are compared to find moved items. In longer lists, all items between the first and the last change count
 * as changed.
 */
const MAX_COMPARED = 40_000

/** Returns the kept items in order: the common prefix, the longest common subsequence of the middle, and the common suffix. */
function commonItems(before: readonly unknown[], after: readonly unknown[]): Pair[] {
  const shorter = Math.min(before.length, after.length)
  let start = 0
  while (start < shorter && same(before[start], after[start])) start++
  let end = 0
  while (end < shorter - start && same(before.at(-1 - end), after.at(-1 - end))) end++
  const middle = subsequence(before.slice(start, before.length - end), after.slice(start, after.length - end))
  return [
    ...Array.from({ length: start }, (_, i) => ({ from: i, to: i })),
    ...middle.map(({ from, to }) => ({ from: from + start, to: to + start })),
    ...Array.from({ length: end }, (_, i) => ({ from: before.length - end + i, to: after.length - end + i })),
  ]
}

function subsequence(before: readonly unknown[], after: readonly unknown[]): Pair[] {
  if (before.length * after.length > MAX_COMPARED) return []
  const isSame = before.map((item) => after.map((other) => same(item, other)))
  // lengths[i][j] is the length of the longest common subsequence of the parts that begin at i and j.
  const lengths = Array.from({ length: before.length + 1 }, () => new Array<number>(after.length + 1).fill(0))
  const lengthAt = (i: number, j: number) => lengths[i]?.[j] ?? 0
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      const row = lengths[i] as number[]
      row[j] = isSame[i]?.[j] ? lengthAt(i + 1, j + 1) + 1 : Math.max(lengthAt(i + 1, j), lengthAt(i, j + 1))
    }
  }
  const pairs: Pair[] = []
  for (let i = 0, j = 0; i < before.length && j < after.length; ) {
    if (isSame[i]?.[j]) pairs.push({ from: i++, to: j++ })
    else if (lengthAt(i + 1, j) >= lengthAt(i, j + 1)) i++
    else j++
  }
  return pairs
}

const removal = (before: unknown, { pointer, old }: Place): JsonChange => ({ op: 'remove', pointer, path: old, before })
const addition = (after: unknown, { pointer, now }: Place): JsonChange => ({ op: 'add', pointer, path: now, after })

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

const memberOf = ({ pointer, old, now }: Place, name: string): Place => ({
  pointer: `${pointer}/${pointerStep(name)}`,
  old: [...old, name],
  now: [...now, name],
})

/** `from` is the index in the old list and in the patch, `to` that in the new one. */
const itemOf = ({ pointer, old, now }: Place, from: number, to: number): Place => ({
  pointer: `${pointer}/${from}`,
  old: [...old, from],
  now: [...now, to],
})

/** The place in errors. */
const placeOf = (path: JsonPath): string =>
  path.reduce<string>((place, step) => (typeof step === 'number' ? `${place}[${step}]` : memberPlace(place, step)), '')
