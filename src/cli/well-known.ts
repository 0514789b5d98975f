// Facts about Kubernetes’ own schemas that the API server does not publish.

import type { Schema, Schemas } from './openapi'

const metaPackage = 'io.k8s.apimachinery.pkg.apis.meta.v1.'

/** Schemas with types in the library itself, in `src/api/object.ts`. */
export const libraryTypes: Readonly<Record<string, string>> = Object.fromEntries(
  ['ObjectMeta', 'OwnerReference', 'ManagedFieldsEntry', 'ListMeta', 'Status', 'StatusDetails', 'StatusCause'].map((name) => [
    metaPackage + name,
    name,
  ]),
)

/** Schemas of scalar values. They get no named type, because the library leaves values as the server sends them. */
export const scalars: Schemas = {
  [`${metaPackage}Time`]: { type: 'string' },
  [`${metaPackage}MicroTime`]: { type: 'string' },
  [`${metaPackage}Duration`]: { type: 'string' },
  [`${metaPackage}FieldsV1`]: {},
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { type: 'string' },
  'io.k8s.apimachinery.pkg.runtime.RawExtension': {},
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': { 'x-kubernetes-int-or-string': true },
}

const extensionsPackage = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.'
const jsonSchema: Schema = { $ref: `#/components/schemas/${extensionsPackage}JSONSchemaProps` }

/** Schemas that the API server leaves empty, filled in from their descriptions. */
export const wellKnown: Schemas = Object.fromEntries(
  Object.entries<[string, ...Schema[]]>({
    JSONSchemaPropsOrArray: ['a schema, or several', jsonSchema, { type: 'array', items: jsonSchema }],
    JSONSchemaPropsOrBool: ['a schema, or whether any value will do', jsonSchema, { type: 'boolean' }],
    JSONSchemaPropsOrStringArray: ['a schema, or the names of properties', jsonSchema, { type: 'array', items: { type: 'string' } }],
  }).map(([name, [what, ...anyOf]]) => [extensionsPackage + name, { description: `Either of two: ${what}.`, anyOf }]),
)
