// Maps an object to the keys of its owners.

import { objectKey } from '../api/keys'
import type { KubeObject } from '../api/object'
import type { Resource } from '../api/resource'

/**
 * Returns a `keys` function that maps an object to its owners of one kind, according to its ownerReferences. Ignores versions, as the
 * server does: an owner in `apps/v1beta1` matches a resource in `apps/v1`.
 *
 * @param owner the resource to reconcile. Its kind and group are compared; its scope decides whether the owner is in the object's
 *   namespace.
 * @example
 * ```ts
 * new Controller({ informer: widgets, watches: [{ informer: pods, keys: ownerKeys(Widget) }], reconcile })
 * ```
 * @see controller-runtime `handler.EnqueueRequestForOwner`
 */
export function ownerKeys({ group, kind, scope }: Pick<Resource, 'group' | 'kind' | 'scope'>): (object: KubeObject) => string[] {
  return ({ metadata: { namespace, ownerReferences = [] } }) =>
    ownerReferences
      .filter((reference) => reference.kind === kind && groupOf(reference.apiVersion) === group)
      .map(({ name }) => objectKey(scope === 'Namespaced' ? namespace : undefined, name))
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/')
  return slash < 0 ? '' : apiVersion.slice(0, slash)
}
