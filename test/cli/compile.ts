// Compiles generated TypeScript for the tests of `generate`.

import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Compiles TypeScript as a user of the package would, strictly.
 *
 * @param files text by path; they may import each other, and `kubeflect`.
 * @returns the diagnostics of the compiler, as `path:line: message`.
 */
export function compile(files: ReadonlyMap<string, string>): string[] {
  const folder = join(root, 'generated')
  const texts = new Map([...files].map(([path, text]) => [join(folder, path), text]))
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => readFileSync(path, 'utf8'))
  const { options } = ts.parseJsonConfigFileContent(
    { ...config, compilerOptions: { ...config.compilerOptions, paths: { kubeflect: [join(root, 'src/index.ts')] } } },
    ts.sys,
    root,
  )
  const host = ts.createCompilerHost(options)
  const { fileExists, getSourceFile, readFile, directoryExists } = host
  host.fileExists = (path) => texts.has(path) || fileExists(path)
  host.readFile = (path) => texts.get(path) ?? readFile(path)
  host.directoryExists = (path) => [...texts.keys()].some((file) => dirname(file).startsWith(path)) || (directoryExists?.(path) ?? true)
  host.getSourceFile = (path, ...more) => {
    const text = texts.get(path)
    return text === undefined ? getSourceFile(path, ...more) : ts.createSourceFile(path, text, ...(more.slice(0, 1) as [ts.ScriptTarget]))
  }
  const program = ts.createProgram([...texts.keys()], options, host)
  return [...texts.keys()].flatMap((path) => {
    const file = program.getSourceFile(path)
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(({ messageText, start = 0 }) => {
      const line = (file?.getLineAndCharacterOfPosition(start).line ?? 0) + 1
      return `${path.slice(folder.length + 1)}:${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
    })
  })
}
