// The rules for imports between the folders of src/.

import { posix } from 'node:path'
import ts from 'typescript'
import type { SourceFile } from './source-files.ts'

/** An import, re-export, `import()` or `import('…')` type in a file. */
export interface Import {
  readonly from: string
  readonly line: number
  /** The specifier as written. */
  readonly specifier: string
  /** Whether the import is erased at compile time. */
  readonly typeOnly: boolean
}

/** The folders of `src/` from low to high: a module imports from its own folder and from lower layers, not from others in its layer. */
const layers: readonly (readonly string[])[] = [
  ['internal'],
  ['api'],
  ['codec'],
  ['socket'],
  ['http'],
  ['source', 'streams', 'connections'],
  ['reflector', 'queue', 'store', 'persistence', 'workqueue'],
  ['worker'],
  ['informer', 'watch-cache'],
  ['view', 'controller', 'wait', 'resources', 'discovery', 'access', 'tabs'],
  ['live', 'relay', 'operator', 'local'],
  ['inspect'],
  ['devtools'],
  ['testing', 'kubeconfig', 'cloudflare'],
  ['cli'],
  ['entry files'],
]

/** The types that a folder may import from another folder of its layer. */
const sharedTypes = [{ from: 'persistence', path: 'src/store/changes.ts' }]

/** The modules or folders that may import a dependency. Other packages must not be imported. */
const packages: Readonly<Record<string, readonly string[]>> = {
  ky: ['src/http/ky-sender.ts'],
  valibot: ['src/kubeconfig/'],
  'idb-keyval': ['src/persistence/idb/idb-persister.ts'],
  yaml: ['src/kubeconfig/', 'src/cli/'],
  undici: ['src/kubeconfig/'],
  react: ['src/react.ts'],
  '@tanstack/db': ['src/tanstack-db.ts'],
  vue: ['src/vue.ts'],
  svelte: ['src/svelte.ts'],
  'svelte/reactivity': ['src/svelte.ts'],
  'solid-js': ['src/solid.ts'],
}

/** The folders that may import a runtime's modules (`node:fs`), because their features do not exist in browsers. */
const runtimeFolders: readonly string[] = ['src/kubeconfig/', 'src/cli/']

/** Reports each import that breaks a rule: its place, the problem and the alternative. */
export function brokenRules(files: readonly SourceFile[]): string[] {
  const paths = new Set(files.map(({ path }) => path))
  return files.flatMap(readImports).flatMap((found) => {
    const problem = found.specifier.startsWith('.') ? relativeProblem(found, paths) : packageProblem(found)
    return problem ? [`${found.from}:${found.line} imports '${found.specifier}': ${problem}`] : []
  })
}

/** Finds the cycles of files that import each other, type-only imports included; each starts and ends with the same file. */
export function importCycles(files: readonly SourceFile[]): string[][] {
  const paths = new Set(files.map(({ path }) => path))
  const edges = new Map(files.map((file) => [file.path, readImports(file).flatMap((found) => resolve(found, paths) ?? [])]))
  const cycles: string[][] = []
  const done = new Set<string>()
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path])
    else if (!done.has(path)) for (const next of edges.get(path) ?? []) visit(next, [...trail, path])
    done.add(path)
  }
  for (const path of edges.keys()) visit(path, [])
  return cycles
}

/** Finds the imports of a file in all forms. */
export function readImports({ path, text }: SourceFile): Import[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const found: Import[] = []
  const add = (node: ts.Node, specifier: ts.Node | undefined, typeOnly: boolean): void => {
    if (!specifier || !ts.isStringLiteralLike(specifier)) return
    found.push({ from: path, line: file.getLineAndCharacterOfPosition(node.getStart()).line + 1, specifier: specifier.text, typeOnly })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node, node.moduleSpecifier, isTypeOnly(node.importClause))
    else if (ts.isExportDeclaration(node)) add(node, node.moduleSpecifier, node.isTypeOnly)
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node, node.argument.literal, true)
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) add(node, node.arguments[0], false)
    ts.forEachChild(node, visit)
  }
  visit(file)
  return found
}

function isTypeOnly(clause: ts.ImportClause | undefined): boolean {
  if (!clause) return false
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true
  const names = clause.namedBindings
  return !clause.name && names !== undefined && ts.isNamedImports(names) && names.elements.every((element) => element.isTypeOnly)
}

function packageProblem({ from, specifier }: Import): string | undefined {
  const isIn = (places: readonly string[]) => places.some((place) => (place.endsWith('/') ? from.startsWith(place) : from === place))
  if (specifier.startsWith('node:') && isIn(runtimeFolders)) return undefined
  const allowed = packages[specifier]
  if (!allowed)
    return `src/ may import no package except ${Object.keys(packages).join(', ')}, and no runtime module outside ${runtimeFolders.join(' and ')}`
  return isIn(allowed) ? undefined : `only ${allowed.join(' and ')} may import it`
}

function relativeProblem(found: Import, paths: ReadonlySet<string>): string | undefined {
  const to = resolve(found, paths)
  if (!to) return 'the file does not exist; relative imports have no extension and name a file, not a folder'
  const from = placeOf(found.from)
  const target = placeOf(to)
  if (from.name === target.name || target.layer < from.layer) return undefined
  if (found.typeOnly && sharedTypes.some((shared) => shared.from === from.name && shared.path === to)) return undefined
  const direction = target.layer > from.layer ? 'above' : 'beside'
  return `${target.name} is ${direction} ${from.name}. Imports go down: ${layers
    .map((layer) => layer.join(', '))
    .reverse()
    .join(' → ')}`
}

function resolve({ from, specifier }: Import, paths: ReadonlySet<string>): string | undefined {
  if (!specifier.startsWith('.')) return undefined
  const path = `${posix.join(posix.dirname(from), specifier)}.ts`
  return paths.has(path) ? path : undefined
}

/** Returns the part of `src/` that a file belongs to: a folder, or an entry file by itself. */
function placeOf(path: string): { name: string; layer: number } {
  const part = path.split('/')[1] ?? path
  const layer = layers.findIndex((names) => names.includes(part))
  if (layer >= 0) return { name: part, layer }
  if (part.endsWith('.ts')) return { name: part, layer: layers.length - 1 }
  throw new Error(`${path}: the folder src/${part} is missing from the layers of test/repository/import-rules.ts; add it`)
}
