// Post-processes the output of tsup in dist/ as the last step of `npm run build`. `node scripts/finish-build.ts <folder>` processes another folder.
//
// - tsup loses the information that a class is exported as a type only: `new View()` would compile and fail at run time. Names that an entry's
//   JavaScript does not export become type exports here.
// - The generated resources have no source maps: they are lists of names that no debugger steps into.
// - The browser entries of `kubeflect/kubeconfig` and `kubeflect/local` are copied without compilation, because their imports must stay as they are.
// - Declarations that use `Symbol.dispose` reference the library that declares it, so that they compile in every project.

import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { readSubpaths } from './subpaths.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** A name in an `export { … }` statement of a file. */
export interface ExportedName {
  readonly name: string
  /** The position of its first character. */
  readonly start: number
  readonly isTypeOnly: boolean
}

/** Returns the names in the `export { … }` statements of a bundled file; bundlers write no other exports. */
export function exportedNames(path: string, text: string): ExportedName[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest)
  return file.statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement) || !statement.exportClause || !ts.isNamedExports(statement.exportClause)) return []
    return statement.exportClause.elements.map((element) => ({
      name: element.name.text,
      start: element.getStart(file),
      isTypeOnly: statement.isTypeOnly || element.isTypeOnly,
    }))
  })
}

/** Marks exports without a run-time value as types. */
export function markTypes(declarations: string, runtimeNames: ReadonlySet<string>): string {
  let marked = declarations
  for (const { name, start, isTypeOnly } of exportedNames('entry.d.ts', declarations).reverse())
    if (!isTypeOnly && !runtimeNames.has(name)) marked = `${marked.slice(0, start)}type ${marked.slice(start)}`
  return marked
}

/** Adds a reference to the declarations of `Disposable` where they are used. */
export function referToDisposable(declarations: string): string {
  const isUsed = /Symbol\.(asyncD|d)ispose|\b(Async)?Disposable\b/.test(declarations)
  return isUsed ? `/// <reference lib="esnext.disposable" />\n${declarations}` : declarations
}

/** Removes the source map of a JavaScript file. */
function dropSourceMap(path: string): void {
  writeFileSync(path, readFileSync(path, 'utf8').replace(/\/\/# sourceMappingURL=.*\n?$/, ''))
  rmSync(`${path}.map`)
}

if (import.meta.main) {
  const dist = resolve(process.argv[2] ?? join(root, 'dist'))
  const read = (path: string): string => readFileSync(join(dist, path), 'utf8')
  for (const subpath of readSubpaths()) {
    const runtimeNames = exportedNames(`${subpath}.js`, read(`${subpath}.js`)).map(({ name }) => name)
    writeFileSync(join(dist, `${subpath}.d.ts`), markTypes(read(`${subpath}.d.ts`), new Set(runtimeNames)))
    if (subpath.startsWith('resources/')) dropSourceMap(join(dist, `${subpath}.js`))
  }
  for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((each) => each.endsWith('.d.ts')))
    writeFileSync(join(dist, name), referToDisposable(read(name)))
  copyFileSync(join(root, 'src/kubeconfig/unavailable.js'), join(dist, 'kubeconfig-unavailable.js'))
  copyFileSync(join(root, 'src/local/unavailable.js'), join(dist, 'local-unavailable.js'))
}
