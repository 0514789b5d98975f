// The differences between two versions of an object, as a page shows them.

import { jsonChanges } from '../codec/json-diff'

/** A part of an object that differs from another version. */
export interface Difference {
  /** The place: `spec.containers[0].image`, `metadata.labels["a.b/c"]`. In the later version; of a removed part, in the earlier one. */
  readonly path: string
  readonly type: 'added' | 'removed' | 'changed'
  /** The earlier value; undefined for an added part. */
  readonly before: unknown
  /** The later value; undefined for a removed part. */
  readonly after: unknown
}

const TYPES = { add: 'added', remove: 'removed', replace: 'changed' } as const

/**
 * Compares two versions of an object, or any JSON values. Items of a list are matched by value, so that one that is inserted changes no other. A part
 * that was added or removed is one difference, whatever is in it.
 *
 * @returns the differences in the order of the object's members; none when the versions are equal.
 * @example
 * ```ts
 * for (const { path, before, after } of diff({ replicas: 1 }, { replicas: 3 })) console.log(path, before, after) // replicas 1 3
 * ```
 */
export function diff(before: unknown, after: unknown): Difference[] {
  return jsonChanges(before, after).map(({ op, path, ...values }) => ({
    path: pathText(path),
    type: TYPES[op],
    before: values.before,
    after: values.after,
  }))
}

/**
 * Writes a path as {@link diff} and `ownersOf` do: as `field` reads it, with the indexes of list items.
 *
 * @param path the member names and indexes that lead to a part of an object.
 * @example
 * ```ts
 * pathText(['spec', 'containers', 0, 'image']) // spec.containers[0].image
 * ```
 */
export function pathText(path: readonly (string | number)[]): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else if (/[.[\]"'\s]/.test(step) || step === '') text += `[${JSON.stringify(step)}]`
    else text += text === '' ? step : `.${step}`
  }
  return text
}
