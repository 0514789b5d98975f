// Waits for one object to meet a condition.

import { nameSelector } from '../api/name-selector'
import type { KubeObject } from '../api/object'
import type { Resource } from '../api/resource'
import { createInformer } from '../informer/create-informer'
import type { Seams } from '../internal/seams'
import type { EntryClient } from '../source/list-watch'

/** Options of {@link waitFor}. */
export interface WaitForOptions extends Seams {
  /** The object's namespace; required for namespaced resources. */
  namespace?: string | undefined
  /** Gives up waiting; the promise rejects with the signal's reason. Default: no limit. */
  signal?: AbortSignal | undefined
}

/**
 * Watches one object until it meets a condition, as `kubectl wait` does. Asks the condition once the server has delivered the object, then
 * after each change. Makes one watch, and no periodic request.
 *
 * @param condition receives the object; undefined while it does not exist.
 * @returns the object that met the condition; undefined if its absence did.
 * @throws the error of the condition; the server's error when it denies access or does not have the resource; the signal's reason; TypeError
 *   when the namespace of a namespaced resource is missing.
 * @example
 * ```ts
 * await waitFor(client, Pod, 'web-1', hasCondition('Ready'), { namespace: 'shop', signal: AbortSignal.timeout(60_000) })
 * ```
 */
export async function waitFor<T extends KubeObject>(
  client: EntryClient,
  resource: Resource<T>,
  name: string,
  condition: (object: T | undefined) => boolean,
  { namespace, signal, ...seams }: WaitForOptions = {},
): Promise<T | undefined> {
  if (!name) throw new TypeError('waitFor: the name of the object is missing')
  if (resource.scope === 'Namespaced' && !namespace) throw new TypeError(`waitFor: ${resource.kind} is namespaced: pass { namespace }`)
  signal?.throwIfAborted()
  const fieldSelector = nameSelector(name)
  // What keeps the feed from working ends the wait, or passes.
  const onError = () => undefined
  await using informer = createInformer(client, resource, { namespace, fieldSelector, onError, ...seams })
  const met = await informer.waitFor(
    (all) => {
      const object = all.list()[0]?.object
      return condition(object) && { object }
    },
    { signal, onDenied: 'reject' },
  )
  return met.object
}
