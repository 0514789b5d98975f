// Conditions to wait for.

import type { KubeObject } from '../api/object'

/** A member of `status.conditions`. */
interface Condition {
  readonly type?: unknown
  readonly status?: unknown
  readonly observedGeneration?: unknown
}

/**
 * Makes a function that checks a member of an object's `status.conditions`. Ignores case, and a condition whose `observedGeneration`, or that
 * of the status, is older than the object.
 *
 * @param status the expected status; default `'True'`.
 * @see kubectl `wait --for=condition=Ready`
 * @example
 * ```ts
 * await waitFor(client, Deployment, 'web', hasCondition('Available'), { namespace: 'shop' })
 * ```
 */
export function hasCondition(type: string, status = 'True'): (object: KubeObject | undefined) => boolean {
  const isSame = (value: unknown, wanted: string) => typeof value === 'string' && value.toLowerCase() === wanted.toLowerCase()
  return (object) => {
    const { conditions, observedGeneration } =
      (object as { status?: { conditions?: unknown; observedGeneration?: unknown } } | undefined)?.status ?? {}
    if (!object || !Array.isArray(conditions)) return false
    const condition = (conditions as (Condition | null)[]).find((one) => isSame(one?.type, type) && typeof one?.status === 'string')
    if (!condition) return false
    const { generation } = object.metadata
    const observed = [condition.observedGeneration, observedGeneration].find((value): value is number => typeof value === 'number')
    if (typeof generation === 'number' && observed !== undefined && observed < generation) return false
    return isSame(condition.status, status)
  }
}

/**
 * Makes a function that checks that an object does not exist.
 *
 * @param uid counts another object of the same name as deleted. Default: any object of the name exists.
 * @see kubectl `wait --for=delete`
 */
export function isDeleted(uid?: string): (object: KubeObject | undefined) => boolean {
  return (object) => !object || (uid !== undefined && object.metadata.uid !== uid)
}
