// Chooses the form of a cached answer from an Accept header.

import type { ObjectForm } from '../watch-cache/body'

/** The verb of a request that reads. */
export type ReadVerb = 'get' | 'list' | 'watch'

/** The main types whose encoding the relay does not have, but next to which clients accept JSON. */
const OTHER_ENCODINGS = ['application/vnd.kubernetes.protobuf', 'application/cbor', 'application/cbor-seq']
const JSON_TYPES = ['application/json', 'application/*', '*/*']

/**
 * Returns the form in which a cache can answer: objects or their metadata, as JSON. Returns undefined when the client prefers a form that
 * only the API server has: a table, YAML, or protobuf without JSON beside it.
 *
 * @param accept the header; null or empty accepts JSON.
 * @see apiserver `negotiation.NegotiateMediaTypeOptions`
 */
export function negotiate(accept: string | null, verb: ReadVerb): ObjectForm | undefined {
  if (!accept?.trim()) return 'object'
  for (const { type, params } of rangesOf(accept)) {
    const as = params.get('as')
    if (as === 'Table') return undefined
    if (OTHER_ENCODINGS.includes(type)) continue
    if (!JSON_TYPES.includes(type)) return undefined
    return as === undefined ? 'object' : metadataForm(params, verb)
  }
  return undefined
}

/**
 * Whether a client prefers protobuf. The items of a protobuf list have no `kind` and `apiVersion`, and client-go's metadata client, which gets
 * JSON here, compares its items with objects that have none.
 */
export const prefersProtobuf = (accept: string | null): boolean => rangesOf(accept ?? '')[0]?.type === OTHER_ENCODINGS[0]

function metadataForm(params: ReadonlyMap<string, string>, verb: ReadVerb): ObjectForm | undefined {
  const kind = verb === 'list' ? 'PartialObjectMetadataList' : 'PartialObjectMetadata'
  const version = params.get('v')
  if (params.get('as') !== kind || params.get('g') !== 'meta.k8s.io') return undefined
  return version === 'v1' || version === 'v1beta1' ? `meta.k8s.io/${version}` : undefined
}

/** Returns the media ranges, most wanted first. */
function rangesOf(accept: string): { type: string; params: ReadonlyMap<string, string> }[] {
  const ranges = accept.split(',').map((range) => {
    const [type = '', ...rest] = range.split(';').map((part) => part.trim())
    const params = new Map(rest.map((param) => param.split('=', 2).map((part) => part.trim()) as [string, string]))
    const quality = Number(params.get('q') ?? 1)
    return { type: type.toLowerCase(), params, quality: Number.isNaN(quality) ? 1 : quality }
  })
  return ranges.filter(({ quality }) => quality > 0).sort((a, b) => b.quality - a.quality)
}
