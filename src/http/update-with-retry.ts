import { isApiError, isConflictError } from '../api/errors'
import type { KubeObject } from '../api/object'
import type { ObjectOptions, WriteOptions } from '../api/options'
import type { JsonPatchOperation } from '../api/patch'
import type { Resource } from '../api/resource'
import { hasInexactNumber } from '../codec/exact-json'
import { jsonDiff } from '../codec/json-diff'
import { type Clock, systemClock } from '../internal/clock'
import { delay } from '../internal/delay'
import type { KubeClient } from './client'
import { requestObjectAndText } from './json'
import { objectPath } from './subresources'

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
 * Reads an object, changes it and writes it back; on a conflict reads it again and repeats. No other error is retried.
 *
 * An object with a number that JavaScript cannot hold (an integer of 64 bits beyond 2^53, such as `9223372036854775807`) is not sent back whole, since
 * that would write the rounded number: a JSON patch of what `mutate` changed is sent, for that resourceVersion. The number itself can be
 * set as a bigint. An attempt to move or copy it is refused.
 *
 * @param client a `KubeClient`.
 * @param mutate called at each attempt with the object as it is then: changes it, or returns another one in its place.
 * @returns the object as it was written.
 * @throws ConflictError when the last attempt was too late as well; TypeError naming a field whose number cannot be written exactly; whatever
 *   `get`, `replace`, `patch` and `mutate` throw; the signal's reason on abort.
 * @see client-go `retry.RetryOnConflict`
 * @example
 * ```ts
 * await updateWithRetry(client, ConfigMap, 'settings', (map) => { map.data = { ...map.data, theme: 'dark' } }, { namespace: 'shop' })
 * ```
 */
export async function updateWithRetry<T extends KubeObject>(
  client: Pick<KubeClient, 'baseUrl' | 'request' | 'replace' | 'patch'>,
  resource: Resource<T>,
  name: string,
  // biome-ignore lint/suspicious/noConfusingVoidType: a function that changes the object in place returns nothing.
  mutate: (object: T) => T | void | Promise<T | void>,
  { backoff = {}, clock = systemClock, random = Math.random, namespace, subresource, signal, ...options }: UpdateOptions = {},
): Promise<T> {
  const { steps = 5, durationMs = 10, factor = 1, jitter = 0.1 } = backoff
  const writeOptions = { ...options, namespace, subresource: subresource as '', signal }
  let misfit: { readonly version: string | undefined; readonly error: unknown } | undefined
  let wait = durationMs
  for (let step = 1; ; step++, wait *= factor) {
    const { object, text } = await requestObjectAndText<T>(client, resource, { path: objectPath(resource, { namespace, name }), signal })
    const version = object.metadata.resourceVersion
    // The patch did not fit, and not because the object had changed.
    if (misfit && misfit.version === version) throw misfit.error
    const isExact = !hasInexactNumber(text)
    const changed = (await mutate(object)) ?? object
    try {
      if (isExact) return await client.replace<T>(resource, changed, writeOptions)
      const json = changesOf(JSON.parse(text), changed, version)
      return await client.patch<T>(resource, name, { json }, writeOptions)
    } catch (error) {
      const mayBeLate = !isExact && isApiError(error) && error.status === 422
      if (!(isConflictError(error) || mayBeLate) || step >= steps) throw error
      misfit = mayBeLate ? { version, error } : undefined
    }
    await delay(wait * (1 + jitter * random()), { clock, signal: signal ?? new AbortController().signal })
    signal?.throwIfAborted()
  }
}

/** What was changed, for one version only: with another one the server answers 409, as it does to a whole object. */
function changesOf(before: KubeObject, after: KubeObject, version: string | undefined): JsonPatchOperation[] {
  const { apiVersion, kind, metadata } = before
  const pinned = { apiVersion, kind, ...after, metadata: { ...after.metadata, resourceVersion: metadata.resourceVersion } }
  return [{ op: 'replace', path: '/metadata/resourceVersion', value: version }, ...jsonDiff(before, pinned)]
}
