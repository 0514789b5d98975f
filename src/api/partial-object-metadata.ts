// The type of objects that are fetched without spec and status.

import type { KubeObject } from './object'

/**
 * An object reduced to its metadata, often a tenth of its size. Enough for counts, labels, owners and ages.
 * {@link https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches}
 */
export interface PartialObjectMetadata extends KubeObject {
  kind: 'PartialObjectMetadata'
  apiVersion: 'meta.k8s.io/v1'
}
