import { docstring, width } from './docs.ts'
import { findCollection, type GroupVersionKind, type OpenApi, referenceOf, referencesOf, type Schema } from './openapi.ts'

/** One group and version to generate. */
export interface Target {
  /** The file, without extension, below `src/resources`. */
  readonly path: string
  readonly group: string
  readonly version: string
  /** What the names of its schemas start with. */
  readonly prefix: string
  /** Kinds that become resources, in the order of the file; none for a package of mere types. */
  readonly kinds: readonly string[]
  /** Its OpenAPI document; left out for a package of mere types. */
  readonly openApi?: OpenApi
}

const metaPrefix = 'io.k8s.apimachinery.pkg.apis.meta.v1.'

/** What the library describes itself, in `src/meta/object.ts`. */
const known = new Set(
  ['ObjectMeta', 'OwnerReference', 'ManagedFieldsEntry', 'ListMeta', 'Status', 'StatusDetails', 'StatusCause'].map(
    (name) => metaPrefix + name,
  ),
)

/** Schemas that are values with a syntax of their own; what the server sends is what the user gets. */
const scalars: Readonly<Record<string, string>> = {
  [`${metaPrefix}Time`]: 'string',
  [`${metaPrefix}MicroTime`]: 'string',
  [`${metaPrefix}FieldsV1`]: 'unknown',
  'io.k8s.apimachinery.pkg.api.resource.Quantity': 'string',
  'io.k8s.apimachinery.pkg.runtime.RawExtension': 'unknown',
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': 'number | string',
}

/**
 * Writes the files of all targets: the kinds asked for, and every type they need, in the file of the package it belongs to.
 *
 * @param header what each file starts with.
 * @returns text by path below `src/resources`.
 * @throws Error when a kind is not to be had, or a type belongs to no target.
 */
export function renderResources(targets: readonly Target[], header: string): Map<string, string> {
  const schemas: Record<string, Schema> = Object.assign({}, ...targets.map(({ openApi }) => openApi?.components.schemas))
  const needed = reach(
    schemas,
    targets.flatMap(({ prefix, kinds }) => kinds.map((kind) => prefix + kind)),
  )
  const homeOf = (name: string) => {
    const home = targets.find(({ prefix }) => name.startsWith(prefix) && !name.slice(prefix.length).includes('.'))
    if (!home) throw new Error(`${name} is needed, and belongs to no file: add a target for it`)
    return home
  }
  for (const name of needed) homeOf(name)
  return new Map(targets.map((target) => [`${target.path}.ts`, renderFile(target, needed, schemas, homeOf, header)]))
}

function renderFile(
  target: Target,
  needed: ReadonlySet<string>,
  schemas: Readonly<Record<string, Schema>>,
  homeOf: (name: string) => Target,
  header: string,
): string {
  const { prefix, kinds, openApi } = target
  const imports = new Map<string, Set<string>>()
  const use = (name: string, from: string) => {
    imports.set(from, (imports.get(from) ?? new Set()).add(name))
    return name
  }
  const nameOf = (reference: string) => {
    const name = baseName(reference)
    if (known.has(reference)) return use(name, '../../meta/object')
    const home = homeOf(reference)
    return home === target ? name : use(name, `../${home.path}`)
  }
  const others = [...needed].filter((name) => homeOf(name) === target && !kinds.includes(baseName(name))).sort()
  const bodies = [
    ...kinds.map((kind) => {
      if (!openApi) throw new Error(`${target.path}: a target with kinds needs its OpenAPI document`)
      use('KubeObject', '../../meta/object')
      use('Resource', '../../meta/resource')
      return renderKind(schemaOf(schemas, prefix + kind), { group: target.group, version: target.version, kind }, openApi, nameOf)
    }),
    ...others.map((name) => renderInterface(baseName(name), schemaOf(schemas, name), nameOf)),
  ]
  const importLines = [...imports].sort().map(([from, names]) => `import type { ${[...names].sort().join(', ')} } from '${from}'\n`)
  return [`${header}\n`, importLines.join(''), ...bodies].filter(Boolean).join('\n')
}

/** Every schema that becomes a type: those named, and what they refer to. */
function reach(schemas: Readonly<Record<string, Schema>>, names: readonly string[]): Set<string> {
  const reached = new Set<string>()
  const todo = [...names]
  for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
    if (reached.has(name) || known.has(name) || name in scalars) continue
    reached.add(name)
    todo.push(...referencesOf(schemaOf(schemas, name)))
  }
  return reached
}

function schemaOf(schemas: Readonly<Record<string, Schema>>, name: string): Schema {
  const schema = schemas[name]
  if (!schema) throw new Error(`the API server describes no ${name}`)
  return schema
}

function baseName(reference: string): string {
  return reference.slice(reference.lastIndexOf('.') + 1)
}

function renderKind(schema: Schema, gvk: GroupVersionKind, openApi: OpenApi, nameOf: (reference: string) => string): string {
  const { group, version, kind } = gvk
  const { plural, scope } = findCollection(openApi, gvk)
  const { apiVersion, kind: _, ...properties } = schema.properties ?? {}
  const required = new Set([...(schema.required ?? []), 'metadata'])
  const fields = Object.entries({ group, version, plural, kind, scope }).map(([name, value]) => `${name}: ${quote(value)}`)
  const value = `export const ${kind}: Resource<${kind}> = { ${fields.join(', ')} }`
  const doc = docstring(
    `The resource \`${[plural, group].filter(Boolean).join('.')}\`, version ${version}; as a type, one of its objects.`,
    '',
  )
  return [
    `${docstring(schema.description, '')}export interface ${kind} extends KubeObject {\n${renderProperties(properties, required, nameOf)}}\n`,
    `${doc}${value.length <= width ? value : value.replace('{ ', '{\n  ').replaceAll(', ', ',\n  ').replace(' }', ',\n}')}\n`,
  ].join('\n')
}

function renderInterface(name: string, { description, properties = {}, required }: Schema, nameOf: (reference: string) => string): string {
  return `${docstring(description, '')}export interface ${name} {\n${renderProperties(properties, new Set(required), nameOf)}}\n`
}

function renderProperties(
  properties: Readonly<Record<string, Schema>>,
  required: ReadonlySet<string>,
  nameOf: (reference: string) => string,
): string {
  const members = Object.entries(properties).map(([name, schema]) => {
    const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : quote(name)
    const line = `  ${key}${required.has(name) ? '' : '?'}: ${renderType(schema, nameOf)}`
    return (
      docstring(schema.description, '  ') +
      (line.length <= width ? line : line.replace(/: /, ':\n    | ').replaceAll(/(?<=') \| /g, '\n    | ')) +
      '\n'
    )
  })
  return members.join('')
}

function renderType(schema: Schema, nameOf: (reference: string) => string): string {
  const reference = referenceOf(schema)
  if (reference) return scalars[reference] ?? nameOf(reference)
  // Open, so that a value of a newer server is not a type error, and editors still offer the ones known.
  if (schema.enum) return [...schema.enum.map(quote), '(string & {})'].join(' | ')
  switch (schema.type) {
    case 'array': {
      const items = renderType(schema.items ?? {}, nameOf)
      return items.includes(' | ') ? `(${items})[]` : `${items}[]`
    }
    case 'object':
      return `Record<string, ${renderType(schema.additionalProperties ?? {}, nameOf)}>`
    case 'integer':
    case 'number':
      return 'number'
    case 'string':
    case 'boolean':
      return schema.type
    default:
      return 'unknown'
  }
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
