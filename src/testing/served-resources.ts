import type { KubeObject } from '../meta/object'
import { defineResource, type Resource } from '../meta/resource'

/** A resource as the fake server serves it. */
export interface ServedResource {
  readonly resource: Resource
  /** As `kubectl` takes them: `po`. */
  readonly shortNames?: readonly string[] | undefined
  /** Such as `all`, for `kubectl get all`. */
  readonly categories?: readonly string[] | undefined
  /** Whether there is a `status` subresource: an update of the object itself then leaves the status alone. */
  readonly status?: boolean | undefined
  /** Whether the server knows the type: a custom resource takes no strategic merge patch. */
  readonly builtIn?: boolean | undefined
  /** What the server fills in when an object is created over HTTP. */
  readonly defaults?: ((object: KubeObject) => object) | undefined
}

const all = ['all']

/** What every fake server serves. */
export const builtInResources: readonly ServedResource[] = builtIn([
  {
    resource: defineResource({ version: 'v1', plural: 'namespaces', kind: 'Namespace', scope: 'Cluster' }),
    shortNames: ['ns'],
    status: true,
    defaults: ({ metadata }) => ({
      metadata: { ...metadata, labels: { 'kubernetes.io/metadata.name': metadata.name, ...metadata.labels } },
      status: { phase: 'Active' },
    }),
  },
  { resource: defineResource({ version: 'v1', plural: 'nodes', kind: 'Node', scope: 'Cluster' }), shortNames: ['no'], status: true },
  {
    resource: defineResource({ version: 'v1', plural: 'pods', kind: 'Pod' }),
    shortNames: ['po'],
    categories: all,
    status: true,
    defaults: () => ({ status: { phase: 'Pending', qosClass: 'BestEffort' } }),
  },
  { resource: defineResource({ version: 'v1', plural: 'services', kind: 'Service' }), shortNames: ['svc'], categories: all, status: true },
  { resource: defineResource({ version: 'v1', plural: 'configmaps', kind: 'ConfigMap' }), shortNames: ['cm'] },
  { resource: defineResource({ version: 'v1', plural: 'secrets', kind: 'Secret' }) },
  { resource: defineResource({ version: 'v1', plural: 'events', kind: 'Event' }), shortNames: ['ev'] },
  {
    resource: defineResource({ group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment' }),
    shortNames: ['deploy'],
    categories: all,
    status: true,
  },
])

function builtIn(resources: readonly ServedResource[]): ServedResource[] {
  return resources.map((served) => ({ ...served, builtIn: true }))
}
