// Renders TypeScript modules from OpenAPI documents.

import { resourceName } from '../api/resource'
import { schemaNamed } from './check'
import { docstring, width } from './docs'
import { Imports } from './imports'
import { quote } from './names'
import type { Schema, Schemas, ServedKind } from './openapi'
import { type Documented, type Home, type Plan, planModules } from './plan'
import { isCircular, type NameOf, renderBody, renderType } from './types'
import { libraryTypes, wellKnown } from './well-known'

/** Options of {@link renderModules}. */
export interface RenderOptions {
  /** The first line of each file. */
  readonly header: string
  /** The modules that export {@link Resource}, and the base types of objects. */
  readonly library: { readonly resource: string; readonly object: string }
  /** The extension of relative imports: none, or `.js`, which works with every module resolution of TypeScript. */
  readonly extension: '' | '.js'
}

/** A file to write. */
export interface Module {
  /** The path below the output folder: `example.com/v1.ts`. */
  readonly path: string
  /** The kinds with a resource in this module; empty for a module of shared types. */
  readonly kinds: readonly string[]
  readonly text: string
}

/**
 * Renders TypeScript for every kind with a collection: an interface and a `Resource` value of the same name, in one module for each version
 * of a group. Writes a type that several modules need once: in the module of its package, or in a module named after the last two parts of
 * the package (`meta/v1` for `io.k8s.apimachinery.pkg.apis.meta.v1`).
 *
 * @returns the modules, sorted by path.
 * @throws KubeError when a document refers to a missing schema, or a name of the server cannot name a file.
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
    if (!home) throw new Error(`${schema} has no module`)
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

/** Renders the interface of a kind; the members that every object has are inherited. */
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
