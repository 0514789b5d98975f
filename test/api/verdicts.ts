import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * What apimachinery v0.36.3 says: of selectors, what `labels.Parse` and `fields.ParseSelector` make of them (null: an error); of names, whether
 * they are a DNS-1035 label, one when lower-cased, a DNS-1123 subdomain, and a segment of a path. A Go program of a few lines asked it.
 */
export const verdicts: {
  readonly labels: readonly (readonly [selector: string, canonical: string | null])[]
  readonly fields: readonly (readonly [selector: string, canonical: string | null])[]
  readonly names: readonly (readonly [name: string, isLabel: boolean, isKind: boolean, isSubdomain: boolean, isSegment: boolean])[]
} = JSON.parse(readFileSync(join(import.meta.dirname, 'api-server-verdicts.json'), 'utf8'))
