// Builds OpenAPI documents for the tests of `generate`.

import type { OpenApi, Schema, Schemas } from '../../src/cli/openapi'
import type { Documented } from '../../src/cli/plan'

/** Returns a reference in the form of API servers. */
export const ref = (name: string): Schema => ({ allOf: [{ $ref: `#/components/schemas/${name}` }] })

/** A kind to describe. */
export interface KindSample {
  readonly kind: string
  readonly plural: string
  /** The schema of the kind; undefined when the server publishes none. */
  readonly schema?: Schema | undefined
  /** The scope; default `'Cluster'`. */
  readonly scope?: 'Namespaced' | 'Cluster'
  /** The operation of the collection; default `'list'`. */
  readonly action?: 'list' | 'post'
}

/** Returns the OpenAPI of one version of a group, as a server publishes it: `example.com` becomes the package `com.example`. */
export function documentOf(group: string, version: string, kinds: readonly KindSample[], others: Schemas = {}): Documented {
  const schemas: Record<string, Schema> = { ...others }
  const paths: Record<string, NonNullable<OpenApi['paths']>[string]> = {}
  for (const { kind, plural, schema, scope = 'Cluster', action = 'list' } of kinds) {
    const gvk = { group, version, kind }
    const operation = { 'x-kubernetes-action': action, 'x-kubernetes-group-version-kind': gvk }
    const collection = action === 'list' ? { get: operation } : { post: operation }
    const base = `/apis/${group}/${version}`
    paths[`${base}/${plural}`] = collection
    if (scope === 'Namespaced') paths[`${base}/namespaces/{namespace}/${plural}`] = collection
    paths[`${base}/${plural}/{name}/status`] = collection
    if (schema)
      schemas[`${[...group.split('.').reverse(), version].join('.')}.${kind}`] = { ...schema, 'x-kubernetes-group-version-kind': [gvk] }
  }
  return { group, version, openApi: { components: { schemas }, paths } }
}
