// Checks that every name the package exports has a docstring. `node scripts/check-docs.ts` prints those that have none.

import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { readSubpaths } from './subpaths.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** A subpath of the package and the file in `src/` behind it. */
export interface Entry {
  /** As in `import 'kubeflect/idb'`. */
  readonly name: string
  readonly path: string
  readonly exists: boolean
}

/** One name an entry exports. */
export interface Export {
  readonly name: string
  /** Whether anything of it is there at run time. */
  readonly isValue: boolean
  readonly documentation: string
  /** Where it is declared, as `path:line`. */
  readonly location: string
}

/** The subpaths that package.json exports, and the sources behind them. */
export function readEntries(): Entry[] {
  return readSubpaths().map((subpath) => {
    const path = `src/${subpath}.ts`
    return { name: subpath === 'index' ? 'kubeflect' : `kubeflect/${subpath}`, path, exists: existsSync(join(root, path)) }
  })
}

/** Reads what entries export, types included, by entry name. An entry without a file exports nothing. */
export function readExports(entries: readonly Entry[]): Map<string, Export[]> {
  return withExports(
    entries,
    (symbols, checker) =>
      new Map(Array.from(symbols, ([name, exported]) => [name, exported.map((symbol) => describeExport(checker, symbol))])),
  )
}

/** Hands over the symbols that entries export, by entry name. */
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
  for (const { name, location } of undocumented) console.error(`${location}: ${name} is exported and has no docstring`)
  console.log(`${exported.length} exported names, ${undocumented.length} without a docstring`)
  if (undocumented.length > 0) process.exitCode = 1
}
