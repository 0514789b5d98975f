// Checks that every exported name of the package has a docstring. `node scripts/check-docstrings.ts` prints the names without one.

import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { readSubpaths } from './subpaths.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** A subpath of the package and the file in `src/` behind it. */
export interface Entry {
  /** The import path, such as `kubeflect/idb`. */
  readonly name: string
  readonly path: string
  readonly exists: boolean
}

/** A name that an entry exports. */
export interface Export {
  readonly name: string
  /** Whether it exists at run time. */
  readonly isValue: boolean
  readonly documentation: string
  /** The place of its declaration, as `path:line`. */
  readonly location: string
}

/** Returns the subpaths that package.json exports, and their sources. */
export function readEntries(): Entry[] {
  return readSubpaths().map((subpath) => {
    const path = `src/${subpath}.ts`
    return { name: subpath === 'index' ? 'kubeflect' : `kubeflect/${subpath}`, path, exists: existsSync(join(root, path)) }
  })
}

/** Reads the exports of entries, including types, by entry name. An entry without a file exports nothing. */
export function readExports(entries: readonly Entry[]): Map<string, Export[]> {
  return withExports(
    entries,
    (symbols, checker) =>
      new Map(Array.from(symbols, ([name, exported]) => [name, exported.map((symbol) => describeExport(checker, symbol))])),
  )
}

/** Calls back with the symbols that entries export, by entry name. */
export function withExports<R>(
  entries: readonly Entry[],
  use: (symbols: ReadonlyMap<string, readonly ts.Symbol[]>, checker: ts.TypeChecker) => R,
): R {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  const program = ts.createProgram(
    entries.map(({ path }) => join(root, path)),
    options,
  )
  const checker = program.getTypeChecker()
  const symbols = entries.map(({ name, path }): [string, readonly ts.Symbol[]] => {
    const file = program.getSourceFile(join(root, path))
    const module = file && checker.getSymbolAtLocation(file)
    return [name, module ? checker.getExportsOfModule(module) : []]
  })
  return use(new Map(symbols), checker)
}

function describeExport(checker: ts.TypeChecker, exported: ts.Symbol): Export {
  const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
  const declaration = symbol.declarations?.[0]
  const file = declaration?.getSourceFile()
  const line = file && declaration ? file.getLineAndCharacterOfPosition(declaration.getStart()).line + 1 : 0
  return {
    name: exported.name,
    isValue: Boolean(symbol.flags & ts.SymbolFlags.Value),
    documentation: ts.displayPartsToString(symbol.getDocumentationComment(checker)),
    location: file ? `${relative(root, file.fileName)}:${line}` : '',
  }
}

if (import.meta.main) {
  const exported = [...readExports(readEntries()).values()].flat()
  const undocumented = exported.filter(({ documentation }) => documentation === '')
  for (const { name, location } of undocumented) console.error(`${location}: ${name} is exported without a docstring: add one`)
  console.log(`${exported.length} exported names, ${undocumented.length} without a docstring`)
  if (undocumented.length > 0) process.exitCode = 1
}
