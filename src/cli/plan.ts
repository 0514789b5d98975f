import { KubeError } from '../errors'
import { shown } from '../meta/path-segment'
import { schemaNamed } from './check'
import { modulePath, Names } from './names'
import { type GroupVersion, type OpenApi, referencesOf, type Schemas, type ServedKind, servedKinds } from './openapi'
import { libraryTypes, scalars } from './well-known'

/** The OpenAPI document of one version of a group. */
export interface Documented extends GroupVersion {
  readonly openApi: OpenApi
}

/** What goes into one module. */
export interface Plan {
  /** Below the folder of all modules, without extension: `example.com/v1`. */
  readonly path: string
  /** What becomes an interface and a resource. */
  readonly kinds: { readonly kind: ServedKind; readonly name: string }[]
  /** Names of the schemas that become mere types. */
  readonly types: string[]
  /** The names that are taken. */
  readonly names: Names
}

/** Where the type of a schema is, and what it is called there. */
export interface Home {
  readonly plan: Plan
  readonly name: string
}

/**
 * Distributes what the documents hold over modules: every kind with a collection, and each type that these need once.
 *
 * @returns the modules by path, and the home of each schema that has one.
 * @throws KubeError when a schema is referred to that is not there, or a name of the server cannot name a file.
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

/** A name that has to be bent to be an identifier must not take another's. */
function plainestFirst(a: ServedKind, b: ServedKind): number {
  return Number(a.kind.includes('-')) - Number(b.kind.includes('-'))
}

/** Every schema that becomes a type as `roots` need it, by name; without the roots. */
function reach(schemas: Schemas, roots: readonly string[]): string[] {
  const reached = new Set<string>()
  const todo = [...roots]
  for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
    if (reached.has(name) || Object.hasOwn(libraryTypes, name) || Object.hasOwn(scalars, name)) continue
    const schema = schemaNamed(schemas, name)
    if (!schema) throw new KubeError(`the server's OpenAPI refers to ${shown(name)}, and does not describe it`)
    reached.add(name)
    todo.push(...referencesOf(schema))
  }
  return [...reached].filter((name) => !roots.includes(name)).sort()
}

function packageOf(schemaName: string): string {
  return schemaName.slice(0, Math.max(0, schemaName.lastIndexOf('.')))
}

/** The folder and file of a package: its last two parts. */
function moduleOf(name: string): string[] {
  const parts = name === '' ? ['other'] : name.split('.').slice(-2)
  return parts.length < 2 ? ['schemas', ...parts] : parts
}
