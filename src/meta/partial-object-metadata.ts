import type { KubeObject } from './object'

/**
 * An object of which nothing but the metadata is known: often a tenth of its bytes, and enough for counts, labels, owners and ages.
 * {@link https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches}
 */
export interface PartialObjectMetadata extends KubeObject {
  kind: 'PartialObjectMetadata'
  apiVersion: 'meta.k8s.io/v1'
}
