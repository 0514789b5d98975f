// The collections that a load server can serve.

/** The available loads: pods of 7 kB, pods of 300 workloads, ConfigMaps of 1 kB, custom resources of 60 kB. */
export type LoadKind = 'pods' | 'workloads' | 'configmaps' | 'widgets'

/** The path of a collection and the type of its objects. */
export interface Collection {
  readonly path: string
  readonly kind: string
  readonly apiVersion: string
}

/** The collection of each load. */
export const collections: Readonly<Record<LoadKind, Collection>> = {
  pods: { path: '/api/v1/pods', kind: 'Pod', apiVersion: 'v1' },
  workloads: { path: '/api/v1/pods', kind: 'Pod', apiVersion: 'v1' },
  configmaps: { path: '/api/v1/configmaps', kind: 'ConfigMap', apiVersion: 'v1' },
  widgets: { path: '/apis/example.com/v1/widgets', kind: 'Widget', apiVersion: 'example.com/v1' },
}
