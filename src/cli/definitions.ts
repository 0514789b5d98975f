// Reads CustomResourceDefinitions from files, and turns them into the OpenAPI that an API server would publish.

import { KubeError } from '../api/errors'
import { shown } from '../api/path-segment'
import { defineResource, type ResourceScope } from '../api/resource'
import { booleanAt, listAt, objectAt, Place, schemaAt, stringAt } from './check'
import type { Host } from './host'
import type { GroupVersionKind, Schema, Schemas } from './openapi'
import type { Documented } from './plan'
import { parseYaml } from './yaml'

/** The used members of a CustomResourceDefinition. */
interface Definition {
  readonly group: string
  readonly plural: string
  readonly kind: string
  readonly scope: ResourceScope
  /** The served versions. */
  readonly versions: readonly { readonly name: string; readonly schema: Schema | undefined }[]
}

/**
 * Reads the CustomResourceDefinitions of files, from YAML with any number of documents or from JSON, including lists. Skips other objects.
 *
 * @param files their paths; `-` is stdin.
 * @throws KubeError when a file is missing, is not YAML or contains an invalid definition; when there is no definition at all.
 */
export async function readDefinitions(files: readonly string[], host: Host): Promise<Definition[]> {
  const definitions = new Map<string, Definition>()
  for (const file of files) {
    const name = file === '-' ? 'stdin' : file
    const text = file === '-' ? await host.readInput() : await host.readFile(file)
    if (text === undefined) throw new KubeError(`${name} does not exist: --crd takes a file with CustomResourceDefinitions, or - for stdin`)
    const documents = await parseYaml(text, name)
    for (const [i, document] of documents.entries()) {
      const place = new Place(documents.length > 1 ? `${name}, document ${i + 1}` : name)
      for (const definition of definitionsIn(document, place)) definitions.set(`${definition.plural}.${definition.group}`, definition)
    }
  }
  if (definitions.size > 0) return [...definitions.values()]
  throw new KubeError(`nothing to write: ${files.join(', ')} has no CustomResourceDefinition of apiextensions.k8s.io/v1`)
}

function definitionsIn(document: unknown, place: Place): Definition[] {
  // The part between two separators may be empty.
  const object = objectAt(document, place)
  if (!object) return []
  place.checkDepth()
  const { kind, apiVersion, items } = object
  if (kind === 'List' || kind === 'CustomResourceDefinitionList') {
    // The items of a typed list have no kind and apiVersion.
    const type = kind === 'List' ? {} : { kind: 'CustomResourceDefinition', apiVersion }
    return listAt(items, place.at('items')).flatMap((item, i) => {
      const at = place.at('items').at(i)
      return definitionsIn({ ...type, ...objectAt(item, at) }, at)
    })
  }
  if (kind !== 'CustomResourceDefinition') return []
  if (apiVersion !== 'apiextensions.k8s.io/v1') {
    place
      .at('apiVersion')
      .refuse('apiextensions.k8s.io/v1, the only version that API servers have served since Kubernetes 1.22', apiVersion)
  }
  return [definitionOf(object, place)]
}

/** Reads an object as a CustomResourceDefinition. @throws KubeError naming the place of a missing or wrong member. */
export function definitionOf(object: unknown, place: Place): Definition {
  const at = place.at('spec')
  const spec = objectAt(objectAt(object, place)?.spec, at) ?? at.refuse('an object', undefined)
  const names = objectAt(spec.names, at.at('names')) ?? at.at('names').refuse('an object', undefined)
  const required = (value: unknown, where: Place) => stringAt(value, where) ?? where.refuse('a string', value)
  const group = required(spec.group, at.at('group'))
  const plural = required(names.plural, at.at('names').at('plural'))
  const kind = required(names.kind, at.at('names').at('kind'))
  const { scope } = spec
  if (scope !== 'Namespaced' && scope !== 'Cluster') at.at('scope').refuse('Namespaced or Cluster', scope)
  const versions = listAt(spec.versions, at.at('versions')).flatMap((given, i) => {
    const where = at.at('versions').at(i)
    const version = objectAt(given, where) ?? where.refuse('an object', given)
    if (!booleanAt(version.served, where.at('served'))) return []
    const name = required(version.name, where.at('name'))
    checkNames({ group, version: name, plural, kind }, place)
    const schema = objectAt(version.schema, where.at('schema'))?.openAPIV3Schema
    return [{ name, schema: schemaAt(schema, where.at('schema').at('openAPIV3Schema')) }]
  })
  return { group, plural, kind, scope: scope as ResourceScope, versions }
}

function checkNames(names: { group: string; version: string; plural: string; kind: string }, place: Place): void {
  try {
    defineResource(names)
  } catch (error) {
    throw new KubeError(`${place.document}: an API server would refuse the definition ${shown(names.plural)}: ${(error as Error).message}`)
  }
}

/**
 * Returns the OpenAPI that an API server would publish for the definitions, one document for each version of a group.
 *
 * @see apiextensions-apiserver `builder.BuildOpenAPIV3`
 */
export function documentsOfDefinitions(definitions: readonly Definition[]): Documented[] {
  const documents = new Map<string, { group: string; version: string; schemas: [string, Schema][]; paths: [string, Path][] }>()
  for (const { group, plural, kind, scope, versions } of definitions) {
    for (const { name: version, schema } of versions) {
      const id = `${group}/${version}`
      const document = documents.get(id) ?? { group, version, schemas: [], paths: [] }
      documents.set(id, document)
      const gvk = { group, version, kind }
      const schemaName = [...group.split('.').reverse(), version, kind].join('.')
      document.schemas.push([schemaName, { ...published(schema), 'x-kubernetes-group-version-kind': [gvk] }])
      const path = { get: { 'x-kubernetes-action': 'list', 'x-kubernetes-group-version-kind': gvk } }
      document.paths.push([`/apis/${id}/${plural}`, path])
      if (scope === 'Namespaced') document.paths.push([`/apis/${id}/namespaces/{namespace}/${plural}`, path])
    }
  }
  return [...documents.values()].map(({ group, version, schemas, paths }) => ({
    group,
    version,
    openApi: { components: { schemas: Object.fromEntries(schemas) }, paths: Object.fromEntries(paths) },
  }))
}

type Path = { get: { 'x-kubernetes-action': string; 'x-kubernetes-group-version-kind': GroupVersionKind } }

/** Returns a schema as the API server publishes it: every object has a type and metadata, embedded ones included. */
function published(schema: Schema | undefined): Schema {
  if (!schema) return { type: 'object' }
  const parts = embedded(schema)
  return { ...parts, properties: inOrder(Object.entries({ ...parts.properties, ...typeMeta })) }
}

const conventions = 'https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md'
const typeMeta: Schemas = {
  apiVersion: {
    type: 'string',
    description: `apiVersion defines the versioned schema of this representation of an object. More info: ${conventions}#resources`,
  },
  kind: {
    type: 'string',
    description: `kind is a string value representing the type of this object. In CamelCase. More info: ${conventions}#types-kinds`,
  },
  metadata: {
    $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta',
    description: `Standard object's metadata. More info: ${conventions}#metadata`,
  },
}

function embedded(schema: Schema): Schema {
  const { properties, items, additionalProperties, required = [] } = schema
  const parts: Schema = {
    ...schema,
    ...(properties && { properties: inOrder(Object.entries(properties).map(([name, each]) => [name, embedded(each)])) }),
    ...(items && { items: embedded(items) }),
    ...(typeof additionalProperties === 'object' && { additionalProperties: embedded(additionalProperties) }),
  }
  if (!schema['x-kubernetes-embedded-resource']) return parts
  return {
    ...parts,
    properties: inOrder(Object.entries({ ...parts.properties, ...typeMeta })),
    required: [...new Set([...required, 'apiVersion', 'kind'])],
  }
}

/** Sorts properties by name, as Go writes maps. */
function inOrder(properties: readonly (readonly [string, Schema])[]): Schemas {
  return Object.fromEntries([...properties].sort(([a], [b]) => (a < b ? -1 : 1)))
}
