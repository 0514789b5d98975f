// The feature value that makes an informer read metadata only.

import { metadataListWatch } from '../../source/metadata'
import type { MetadataSource } from './source'

/**
 * Makes an informer read only the metadata of its objects, which the server sends without the rest.
 *
 * @example
 * ```ts
 * await using secrets = createInformer(client, Secret, { source: metadata() })
 * ```
 */
export function metadata(): MetadataSource {
  return { reads: 'metadata', name: 'metadata', kind: 'PartialObjectMetadata', listWatch: metadataListWatch }
}
