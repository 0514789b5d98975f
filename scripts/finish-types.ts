// Finishes the declarations that tsup wrote into dist/: the last step of `npm run build`.
//
// - tsup forgets that a class was exported as a type only: `new View()` would compile, and fail when it runs. What an entry's JavaScript does not
//   export is exported as a type here.
// - Declarations that name `Symbol.dispose` ask for the library that declares it, so that they compile in projects that have not asked for it.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { readSubpaths } from './subpaths.ts'

const dist = fileURLToPath(new URL('../dist/', import.meta.url))

/** One name in a file's `export { … }`. */
export interface ExportedName {
  readonly name: string
  /** Where it begins. */
  readonly start: number
  readonly isTypeOnly: boolean
}

/** The names in the `export { … }` statements of a bundled file; bundlers write no other exports. */
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

/** Exports as types what is not there at run time. */
export function markTypes(declarations: string, runtimeNames: ReadonlySet<string>): string {
  let marked = declarations
  for (const { name, start, isTypeOnly } of exportedNames('entry.d.ts', declarations).reverse())
    if (!isTypeOnly && !runtimeNames.has(name)) marked = `${marked.slice(0, start)}type ${marked.slice(start)}`
  return marked
}

/** Asks for the declarations of `Disposable` where they are used. */
export function referToDisposable(declarations: string): string {
  const isUsed = /Symbol\.(asyncD|d)ispose|\b(Async)?Disposable\b/.test(declarations)
  return isUsed ? `/// <reference lib="esnext.disposable" />\n${declarations}` : declarations
}

if (import.meta.main) {
  for (const subpath of readSubpaths()) {
    const path = `${dist}${subpath}.d.ts`
    const runtimeNames = exportedNames(`${subpath}.js`, readFileSync(`${dist}${subpath}.js`, 'utf8')).map(({ name }) => name)
    writeFileSync(path, markTypes(readFileSync(path, 'utf8'), new Set(runtimeNames)))
  }
  for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((each) => each.endsWith('.d.ts')))
    writeFileSync(`${dist}${name}`, referToDisposable(readFileSync(`${dist}${name}`, 'utf8')))
}
