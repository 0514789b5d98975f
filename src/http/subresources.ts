// Paths and types of subresources.

import type { KubeObject } from '../api/object'
import { pathSegment } from '../api/path-segment'
import { type Resource, resourceName, resourcePath } from '../api/resource'

/** The object of the subresource `scale`: the number of replicas, for any kind of owner. */
export interface Scale extends KubeObject {
  spec?: { replicas?: number }
  readonly status?: { replicas: number; selector?: string }
}

/** The object of the subresource `eviction`. Creating it deletes a pod, if its disruption budgets allow that. */
export interface Eviction extends KubeObject {
  deleteOptions?: {
    dryRun?: readonly 'All'[]
    gracePeriodSeconds?: number
    preconditions?: { uid?: string; resourceVersion?: string }
  }
}

/** The object of the subresource `binding`. Creating it assigns a pod to a node. */
export interface Binding extends KubeObject {
  target: { apiVersion?: string; kind?: string; name: string }
}

/** The subresources whose objects have a type of their own; others have the type of the resource. Extensible by declaration merging. */
export interface SubresourceTypes {
  scale: Scale
  eviction: Eviction
  binding: Binding
}

/** The object of a resource's subresource, or of the resource itself. */
export type SubresourceObject<T, S extends string> = S extends keyof SubresourceTypes ? SubresourceTypes[S] : T

/** Pods. Written out like the generated resources, so that the code that checks definitions is not loaded. */
export const PODS: Resource = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', scope: 'Namespaced' }

/** Selects a part of an object. */
export interface SubresourceOptions<S extends string> {
  /** The subresource, such as `status` or `scale`; the object itself when left out. */
  subresource?: S | undefined
}

/** The `apiVersion` and `kind` of objects that differ from their resource's. */
export const SUBRESOURCE_TYPES: Readonly<Record<string, readonly [apiVersion: string, kind: string]>> = {
  scale: ['autoscaling/v1', 'Scale'],
  eviction: ['policy/v1', 'Eviction'],
  binding: ['v1', 'Binding'],
}

/**
 * Returns the path of an object, or of a part of it.
 *
 * @throws TypeError as {@link resourcePath}; when the subresource is empty, or more than one path segment.
 */
export function objectPath(
  resource: Resource,
  { subresource, ...where }: { namespace?: string | undefined; name?: string | undefined; subresource?: string | undefined },
): string {
  const path = resourcePath(resource, where)
  return subresource === undefined ? path : `${path}/${pathSegment(subresource, `${resourceName(resource)}: the subresource`)}`
}
