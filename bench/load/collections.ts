// The collections that a load server can serve.

/** The plurals of the available loads: pods of 7 kB, ConfigMaps of 1 kB, custom resources of 60 kB. */
export type LoadKind = 'pods' | 'configmaps' | 'widgets'

/** The path of a collection and the type of its objects. */
export interface Collection {
  readonly path: string
  readonly kind: string
  readonly apiVersion: string
}

/** The collections by their plural. */
export const collections: Readonly<Record<LoadKind, Collection>> = {
  pods: { path: '/api/v1/pods', kind: 'Pod', apiVersion: 'v1' },
  configmaps: { path: '/api/v1/configmaps', kind: 'ConfigMap', apiVersion: 'v1' },
  widgets: { path: '/apis/example.com/v1/widgets', kind: 'Widget', apiVersion: 'example.com/v1' },
}
