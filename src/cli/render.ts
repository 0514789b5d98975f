import { resourceName } from '../meta/resource'
import { schemaNamed } from './check'
import { docstring, width } from './docs'
import { Imports } from './imports'
import { quote } from './names'
import type { Schema, Schemas, ServedKind } from './openapi'
import { type Documented, type Home, type Plan, planModules } from './plan'
import { isCircular, type NameOf, renderBody, renderType } from './types'
import { libraryTypes, wellKnown } from './well-known'

/** How modules are written. */
export interface RenderOptions {
  /** What each file starts with. */
  readonly header: string
  /** From where the library's own types are imported: {@link Resource}, and those that objects are made of. */
  readonly library: { readonly resource: string; readonly object: string }
  /** How modules name each other: without an extension, or with `.js`, which serves every way of TypeScript to find modules. */
  readonly extension: '' | '.js'
}

/** One file to write. */
export interface Module {
  /** Below the folder of all modules: `example.com/v1.ts`. */
  readonly path: string
  /** The kinds that are resources in it; none in a module of mere types. */
  readonly kinds: readonly string[]
  readonly text: string
}

/**
 * Writes TypeScript for every kind in the documents that has a collection: an interface and a `Resource` value of one name, in a module per
 * version of a group. A type that several modules need is written once: in the module of its package, or in one called after the last
 * two parts of the package's name (`meta/v1` for `io.k8s.apimachinery.pkg.apis.meta.v1`).
 *
 * @returns the modules, by path.
 * @throws KubeError when a document refers to a schema that no document has, or a name of the server cannot name a file.
 */
export function renderModules(documents: readonly Documented[], options: RenderOptions): Module[] {
  const all = [...documents.map(({ openApi }) => openApi.components?.schemas ?? {}), wellKnown]
  const schemas: Schemas = Object.fromEntries(all.flatMap((each) => Object.entries(each)))
  const { plans, homes } = planModules(documents, schemas)
  return plans.map((plan) => renderModule(plan, { schemas, homes, options }))
}

interface Context {
  readonly schemas: Schemas
  readonly homes: ReadonlyMap<string, Home>
  readonly options: RenderOptions
}

function renderModule({ path, kinds, types, names }: Plan, { schemas, homes, options }: Context): Module {
  const { header, library, extension } = options
  const imports = new Imports(names)
  const homeOf = (schema: string): Home => {
    const home = homes.get(schema)
    if (!home) throw new Error(`${schema} was given no module`)
    return home
  }
  const nameOf: NameOf = (schema) => {
    const known = Object.hasOwn(libraryTypes, schema) ? libraryTypes[schema] : undefined
    if (known) return imports.add(known, library.object)
    const { plan, name } = homeOf(schema)
    return plan.path === path ? name : imports.add(name, `../${plan.path}${extension}`)
  }
  const bodies = [
    ...kinds.flatMap(({ kind, name }) => [
      renderObject(name, imports.add('KubeObject', library.object), schemaNamed(schemas, kind.schema) ?? {}, nameOf),
      renderResource(name, imports.add('Resource', library.resource), kind),
    ]),
    ...types.map((schema) =>
      renderNamed(homeOf(schema).name, isCircular(schema, schemas) ? {} : (schemaNamed(schemas, schema) ?? {}), nameOf),
    ),
  ]
  return {
    path: `${path}.ts`,
    kinds: kinds.map(({ kind }) => kind.kind),
    text: [`${header}\n`, imports.text(), ...bodies].filter(Boolean).join('\n'),
  }
}

/** The type of a kind's objects; what every object has is inherited. */
function renderObject(name: string, base: string, schema: Schema, nameOf: NameOf): string {
  const { apiVersion, kind, metadata, ...properties } = schema.properties ?? {}
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] || !schema.properties
  const body = renderBody({ ...schema, properties }, nameOf) ?? (isOpen ? '{\n  [field: string]: unknown\n}' : '{}')
  return `${docstring(schema.description, '')}export interface ${name} extends ${base} ${body}\n`
}

function renderResource(name: string, type: string, { listable, schema, ...resource }: ServedKind): string {
  const { group, version, plural, kind, scope } = resource
  const doc = `The resource \`${resourceName(resource)}\`, version ${version}; as a type, one of its objects.`
  const fields = Object.entries({ group, version, plural, kind, scope }).map(([key, value]) => `${key}: ${quote(value)}`)
  const start = `export const ${name}: ${type}<${name}> = {`
  const line = `${start} ${fields.join(', ')} }`
  const lines = `${start}\n${fields.map((field) => `  ${field},\n`).join('')}}`
  return `${docstring(listable ? doc : `${doc} It can be created, not listed.`, '')}${line.length <= width ? line : lines}\n`
}

function renderNamed(name: string, schema: Schema, nameOf: NameOf): string {
  const body = renderBody(schema, nameOf)
  const declaration = body ? `export interface ${name} ${body}` : `export type ${name} = ${renderType(schema, nameOf)}`
  return `${docstring(schema.description, '')}${declaration}\n`
}
