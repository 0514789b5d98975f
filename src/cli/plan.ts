// Distributes kinds and types over modules.

import { KubeError } from '../api/errors'
import { shown } from '../api/path-segment'
import { schemaNamed } from './check'
import { modulePath, Names } from './names'
import { type GroupVersion, type OpenApi, referencesOf, type Schemas, type ServedKind, servedKinds } from './openapi'
import { libraryTypes, scalars } from './well-known'

/** The OpenAPI document of one version of a group. */
export interface Documented extends GroupVersion {
  readonly openApi: OpenApi
}

/** The content of one module. */
export interface Plan {
  /** The path below the output folder, without extension: `example.com/v1`. */
  readonly path: string
  /** The kinds that become an interface and a resource. */
  readonly kinds: { readonly kind: ServedKind; readonly name: string }[]
  /** The names of the schemas that become types only. */
  readonly types: string[]
  /** The names in use. */
  readonly names: Names
}

/** The module and the local name of a schema's type. */
export interface Home {
  readonly plan: Plan
  readonly name: string
}

/**
 * Distributes the kinds with a collection, and the types they need, over modules. Each type appears once.
 *
 * @returns the modules sorted by path, and the home of each schema that has one.
 * @throws KubeError when a schema is missing, or a name of the server cannot name a file.
 */
export function planModules(documents: readonly Documented[], schemas: Schemas): { plans: Plan[]; homes: ReadonlyMap<string, Home> } {
  const plans = new Map<string, Plan>()
  const planOf = (path: string): Plan => {
    const plan = plans.get(path) ?? { path, kinds: [], types: [], names: new Names() }
    plans.set(path, plan)
    return plan
  }
  const homes = new Map<string, Home>()
  const packages = new Map<string, Plan>()
  for (const { group, version, openApi } of documents) {
    const plan = planOf(modulePath(group || 'core', version))
    for (const kind of servedKinds(openApi, { group, version }).sort(plainestFirst)) {
      const name = plan.names.claim(kind.kind)
      plan.kinds.push({ kind, name })
      if (!kind.schema) continue
      homes.set(kind.schema, { plan, name })
      packages.set(packageOf(kind.schema), plan)
    }
  }
  for (const schema of reach(schemas, [...homes.keys()])) {
    const plan = packages.get(packageOf(schema)) ?? planOf(modulePath(...moduleOf(packageOf(schema))))
    plan.types.push(schema)
    homes.set(schema, { plan, name: plan.names.claim(schema.slice(schema.lastIndexOf('.') + 1)) })
  }
  const filled = [...plans.values()].filter(({ kinds, types }) => kinds.length + types.length > 0)
  return { plans: filled.sort((a, b) => (a.path < b.path ? -1 : 1)), homes }
}

/** Orders kinds so that names which are already identifiers are claimed first. */
function plainestFirst(a: ServedKind, b: ServedKind): number {
  return Number(a.kind.includes('-')) - Number(b.kind.includes('-'))
}

/** Returns the names of all schemas that become types because `roots` need them, without the roots. */
function reach(schemas: Schemas, roots: readonly string[]): string[] {
  const reached = new Set<string>()
  const todo = [...roots]
  for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
    if (reached.has(name) || Object.hasOwn(libraryTypes, name) || Object.hasOwn(scalars, name)) continue
    const schema = schemaNamed(schemas, name)
    if (!schema) throw new KubeError(`the server's OpenAPI refers to the schema ${shown(name)}, which it does not contain`)
    reached.add(name)
    todo.push(...referencesOf(schema))
  }
  return [...reached].filter((name) => !roots.includes(name)).sort()
}

function packageOf(schemaName: string): string {
  return schemaName.slice(0, Math.max(0, schemaName.lastIndexOf('.')))
}

/** Returns the folder and file of a package: its last two parts. */
function moduleOf(name: string): string[] {
  const parts = name === '' ? ['other'] : name.split('.').slice(-2)
  return parts.length < 2 ? ['schemas', ...parts] : parts
}
