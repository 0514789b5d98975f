import { objectKey } from '../meta/keys'
import type { KubeObject } from '../meta/object'
import type { Resource } from '../meta/resource'

/**
 * Makes the `keys` of a watch: those of an object's owners of one kind, as its ownerReferences name them. Versions do not matter, as they
 * do not to the server: an owner of `apps/v1beta1` is one of `apps/v1`.
 *
 * @param owner the resource that is reconciled: its kind and group are compared, and by its scope the owner is in the object's namespace,
 *   or in none.
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
