// Owner references: they make the garbage collector delete dependents with their owner.

import { KubeError } from '../api/errors'
import type { KubeObject, OwnerReference } from '../api/object'
import { apiVersionOf, type Resource } from '../api/resource'

/** The part of a resource that names the type of its objects. */
export type ObjectType = Pick<Resource, 'group' | 'version' | 'kind'>

/**
 * Returns the type of an object, or that of its resource: items of lists have none.
 *
 * @param caller starts the message.
 * @throws TypeError when neither is known.
 */
export function typeOf(object: KubeObject, resource: ObjectType | undefined, caller: string): { apiVersion: string; kind: string } {
  const kind = object.kind ?? resource?.kind
  const apiVersion = object.apiVersion ?? (resource && apiVersionOf(resource))
  if (!kind || !apiVersion) throw new TypeError(`${caller}: ${object.metadata.name} has no kind and apiVersion: pass its resource`)
  return { apiVersion, kind }
}

/**
 * Returns a reference to an owner, for `metadata.ownerReferences` of a dependent.
 *
 * @param resource names the kind of an owner without `kind` and `apiVersion`, such as an item of a list.
 * @throws TypeError when the owner has no uid because it is not on a server, or its kind is unknown.
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/
 */
export function ownerReference(owner: KubeObject, resource?: ObjectType): OwnerReference {
  const { name, uid } = owner.metadata
  if (!name || !uid) throw new TypeError('ownerReference: the owner has no uid: only an object of a server can own others')
  return { ...typeOf(owner, resource, 'ownerReference'), name, uid }
}

/** Returns a reference to the owner that controls a dependent; see {@link ownerReference}. An object has at most one controller. */
export function controllerReference(owner: KubeObject, resource?: ObjectType): OwnerReference {
  return { ...ownerReference(owner, resource), controller: true, blockOwnerDeletion: true }
}

/** Returns the reference to the controller of an object; undefined without one. */
export function controllerOf({ metadata }: KubeObject): OwnerReference | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller)
}

/**
 * Returns a copy of an object that an owner controls.
 *
 * @throws KubeError when another owner controls the object, or the owner is in another namespace; TypeError as {@link ownerReference}.
 * @see controller-runtime `controllerutil.SetControllerReference`
 * @example
 * ```ts
 * await client.create(Pod, controlledBy({ metadata: { name: 'a', namespace: 'shop' } }, widget, Widget))
 * ```
 */
export function controlledBy<T extends KubeObject>(object: T, owner: KubeObject, resource?: ObjectType): T {
  const reference = controllerReference(owner, resource)
  const { namespace = '' } = owner.metadata
  if (namespace !== '' && object.metadata.namespace !== namespace)
    throw new KubeError(`controlledBy: ${owner.metadata.name} is in the namespace ${namespace}, so it can only own objects there`)
  const current = controllerOf(object)
  if (current && current.uid !== reference.uid)
    throw new KubeError(`controlledBy: ${object.metadata.name ?? 'the object'} is controlled by ${current.kind} ${current.name} already`)
  const others = (object.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== reference.uid)
  return { ...object, metadata: { ...object.metadata, ownerReferences: [...others, reference] } }
}
