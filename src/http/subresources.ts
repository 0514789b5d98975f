import type { KubeObject } from '../api/object'
import { pathSegment } from '../api/path-segment'
import { type Resource, resourceName, resourcePath } from '../api/resource'

/** How many replicas there are to be, whatever their owner: the object of the subresource `scale`. */
export interface Scale extends KubeObject {
  spec?: { replicas?: number }
  readonly status?: { replicas: number; selector?: string }
}

/** Asks for a pod to be deleted, if its disruption budgets allow that: what is created in the subresource `eviction`. */
export interface Eviction extends KubeObject {
  deleteOptions?: {
    dryRun?: readonly 'All'[]
    gracePeriodSeconds?: number
    preconditions?: { uid?: string; resourceVersion?: string }
  }
}

/** Puts a pod on a node: what is created in the subresource `binding`. */
export interface Binding extends KubeObject {
  target: { apiVersion?: string; kind?: string; name: string }
}

/** The subresources whose objects are of a type of their own; the others have the resource's. Can be extended by declaration merging. */
export interface SubresourceTypes {
  scale: Scale
  eviction: Eviction
  binding: Binding
}

/** The object of a resource's subresource, or of the resource itself. */
export type SubresourceObject<T, S extends string> = S extends keyof SubresourceTypes ? SubresourceTypes[S] : T

/** Which part of an object a request is about. */
export interface SubresourceOptions<S extends string> {
  /** Such as `status` or `scale`; the object itself when left out. */
  subresource?: S | undefined
}

/** `apiVersion` and `kind` of the objects that are not the resource's own. */
export const SUBRESOURCE_TYPES: Readonly<Record<string, readonly [apiVersion: string, kind: string]>> = {
  scale: ['autoscaling/v1', 'Scale'],
  eviction: ['policy/v1', 'Eviction'],
  binding: ['v1', 'Binding'],
}

/**
 * The path of an object, or of a part of it.
 *
 * @throws TypeError as {@link resourcePath}; when the subresource is empty, or more than one segment of a path.
 */
export function objectPath(
  resource: Resource,
  { subresource, ...where }: { namespace?: string | undefined; name?: string | undefined; subresource?: string | undefined },
): string {
  const path = resourcePath(resource, where)
  return subresource === undefined ? path : `${path}/${pathSegment(subresource, `${resourceName(resource)}: the subresource`)}`
}
