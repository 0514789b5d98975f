// Updates an object, and repeats on a conflict.

import { isApiError, isConflictError } from '../api/errors'
import type { KubeObject } from '../api/object'
import type { ObjectOptions, WriteOptions } from '../api/options'
import type { JsonPatchOperation } from '../api/patch'
import type { Resource } from '../api/resource'
import { hasInexactNumber } from '../codec/exact-json'
import { jsonDiff } from '../codec/json-diff'
import { systemClock } from '../internal/clock'
import { delay } from '../internal/delay'
import type { Seams } from '../internal/seams'
import type { KubeClient } from './client'
import { requestObjectAndText } from './json'
import { objectPath } from './subresources'

/** The number of attempts, and the delays between them. @see apimachinery `wait.Backoff` */
export interface RetryBackoff {
  /** The maximum number of attempts; default 5. */
  steps?: number | undefined
  /** The first delay, in milliseconds; default 10. */
  durationMs?: number | undefined
  /**
   * The factor between consecutive delays; default 1. client-go's `DefaultBackoff`, for objects that change often, is 4 steps with factor
   * 5.
   */
  factor?: number | undefined
  /** The random part added to a delay, as a fraction of it; default 0.1. */
  jitter?: number | undefined
}

/** Options of {@link updateWithRetry}. */
export interface UpdateOptions extends ObjectOptions, WriteOptions, Pick<Seams, 'clock' | 'random'> {
  /** The subresource to update, such as `status`. */
  subresource?: 'status' | (string & {}) | undefined
  /** The backoff; default client-go's `DefaultRetry`. */
  backoff?: RetryBackoff | undefined
}

/**
 * Reads an object, changes it and writes it back. On a conflict it reads the object again and repeats. Retries no other error.
 *
 * An object with a number that JavaScript cannot represent (a 64-bit integer beyond 2^53, such as `9223372036854775807`) is not written
 * back whole, because that would write the rounded number. Instead, a JSON patch of the changes that `mutate` made is sent for that
 * resourceVersion. The number itself can be set as a bigint; moving or copying it is refused.
 *
 * @param client a `KubeClient`.
 * @param mutate called on each attempt with the current object: changes it in place, or returns a replacement.
 * @returns the object as written.
 * @throws ConflictError when the last attempt conflicts; TypeError naming a field whose number cannot be written exactly; the errors of
 *   `get`, `replace`, `patch` and `mutate`; the signal's reason on abort.
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
    // The patch failed although the object has not changed.
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

/** Returns the changes as a patch for one version only; for another version the server responds with 409, as it does for a whole object. */
function changesOf(before: KubeObject, after: KubeObject, version: string | undefined): JsonPatchOperation[] {
  const { apiVersion, kind, metadata } = before
  const pinned = { apiVersion, kind, ...after, metadata: { ...after.metadata, resourceVersion: metadata.resourceVersion } }
  return [{ op: 'replace', path: '/metadata/resourceVersion', value: version }, ...jsonDiff(before, pinned)]
}
