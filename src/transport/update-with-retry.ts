import { isConflictError } from '../errors'
import { type Clock, systemClock } from '../internal/clock'
import { delay } from '../internal/delay'
import type { KubeObject } from '../meta/object'
import type { Resource } from '../meta/resource'
import type { ObjectOptions, WriteOptions } from '../meta/wire'
import type { KubeClient } from './client'

/** How often to try, and how long to wait in between. @see apimachinery `wait.Backoff` */
export interface RetryBackoff {
  /** How many attempts there are at most; default 5. */
  steps?: number | undefined
  /** The first wait, in milliseconds; default 10. */
  durationMs?: number | undefined
  /** What each wait is multiplied by for the next; default 1. client-go's `DefaultBackoff`, for objects that others change often: 4 steps with factor 5. */
  factor?: number | undefined
  /** How much of a wait is added to it at random; default 0.1. */
  jitter?: number | undefined
}

/** What {@link updateWithRetry} can be given. */
export interface UpdateOptions extends ObjectOptions, WriteOptions {
  /** Such as `status`, where that is what changes. */
  subresource?: 'status' | (string & {}) | undefined
  /** Default: client-go's `DefaultRetry`. */
  backoff?: RetryBackoff | undefined
  /** Default: the runtime's own. */
  clock?: Clock | undefined
  /** Default `Math.random`. */
  random?: (() => number) | undefined
}

/**
 * Reads an object, changes it and writes it back; when somebody else was faster, begins anew with what is there by then. Nothing else is tried again.
 *
 * @param mutate is given the object as it is at each attempt: changes it, or returns another one in its place.
 * @returns the object as it was written.
 * @throws ConflictError when the last attempt was too late as well; whatever `get`, `replace` and `mutate` throw; the signal's reason on abort.
 * @see client-go `retry.RetryOnConflict`
 * @example
 * ```ts
 * await updateWithRetry(client, ConfigMap, 'settings', (map) => { map.data = { ...map.data, theme: 'dark' } }, { namespace: 'shop' })
 * ```
 */
export async function updateWithRetry<T extends KubeObject>(
  client: Pick<KubeClient, 'get' | 'replace'>,
  resource: Resource<T>,
  name: string,
  // biome-ignore lint/suspicious/noConfusingVoidType: a function that changes the object in place returns nothing.
  mutate: (object: T) => T | void | Promise<T | void>,
  { backoff = {}, clock = systemClock, random = Math.random, namespace, subresource, signal, ...options }: UpdateOptions = {},
): Promise<T> {
  const { steps = 5, durationMs = 10, factor = 1, jitter = 0.1 } = backoff
  let wait = durationMs
  for (let step = 1; ; step++, wait *= factor) {
    const object = await client.get(resource, name, { namespace, signal })
    const changed = (await mutate(object)) ?? object
    try {
      return await client.replace<T>(resource, changed, { ...options, namespace, subresource: subresource as '', signal })
    } catch (error) {
      if (!isConflictError(error) || step >= steps) throw error
    }
    await delay(wait * (1 + jitter * random()), { clock, signal: signal ?? new AbortController().signal })
    signal?.throwIfAborted()
  }
}
