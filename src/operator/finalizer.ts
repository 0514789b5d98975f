// Finalizers: clean-up before an object is deleted.

import { isApiError } from '../api/errors'
import type { KubeObject } from '../api/object'
import type { Resource } from '../api/resource'
import type { ReconcileResult } from '../controller/controller'
import type { KubeClient } from '../http/client'

/** The two halves of a reconciler with a finalizer. */
export interface FinalizerSteps<T extends KubeObject> {
  /** Reconciles the object, which has the finalizer. */
  reconcile(object: T): Promise<ReconcileResult | undefined> | Promise<void>
  /** Cleans up before the object is deleted. May run again after a failure, and runs even if `reconcile` never did. */
  cleanUp(object: T): Promise<void>
}

/**
 * Reconciles an object that must be cleaned up before its deletion: adds the finalizer first; once the object is being deleted, cleans up and
 * removes the finalizer. Finalizers of others stay.
 *
 * @param finalizer a qualified name, such as `example.com/cleanup`.
 * @returns the result of `reconcile`; undefined for an object that is being deleted.
 * @throws ConflictError when the object has changed: reconcile it again; the errors of the steps; TypeError for an unqualified name.
 * @see kube-rs `finalizer()`
 */
export async function withFinalizer<T extends KubeObject>(
  client: KubeClient,
  resource: Resource<T>,
  object: T,
  finalizer: string,
  { reconcile, cleanUp }: FinalizerSteps<T>,
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<ReconcileResult | undefined> {
  if (!/^[^/\s]+\/[^/\s]+$/.test(finalizer))
    throw new TypeError(`withFinalizer: the finalizer must be qualified, such as example.com/cleanup, got ${JSON.stringify(finalizer)}`)
  const { name = '', namespace, resourceVersion, finalizers = [], deletionTimestamp } = object.metadata
  const write = (next: readonly string[]) =>
    client.patch(resource, name, { merge: { metadata: { resourceVersion, finalizers: next } } as object as never }, { namespace, signal })
  if (deletionTimestamp === undefined) {
    const owned = finalizers.includes(finalizer) ? object : ((await write([...finalizers, finalizer])) as T)
    return (await reconcile(owned)) ?? undefined
  }
  if (!finalizers.includes(finalizer)) return undefined
  await cleanUp(object)
  try {
    await write(finalizers.filter((each) => each !== finalizer))
  } catch (error) {
    // The object is gone, which is the aim.
    if (!isApiError(error) || error.status !== 404) throw error
  }
  return undefined
}
