// The examples in docstrings and the snippets of the documents compile.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { readEntries, withExports } from '../../scripts/check-docstrings.ts'
import { findDocuments } from '../../scripts/documents.ts'
import { FRAMEWORKS } from './frameworks.ts'

// Every example in a docstring and every snippet of the documents compiles. A snippet may leave out its imports of the package, and use what PRELUDE has.

const root = join(import.meta.dirname, '../..')

/** Not exported by any entry, so that no snippet of it can be tried. */
const INTERNAL = 'src/watch-cache/'

/** What snippets take for granted: what an application has around them. */
const PRELUDE = `
declare const client: import('kubeflect').KubeClient
declare const signal: AbortSignal
declare const informers: import('kubeflect').SharedInformerFactory
declare const live: import('kubeflect/live').Live
declare const persister: import('kubeflect').Persister
declare const pods: import('kubeflect').SharedInformer<import('kubeflect/resources/core/v1').Pod>
declare const spec: NonNullable<import('kubeflect/resources/apps/v1').Deployment['spec']>
declare function draw(...values: unknown[]): void
declare function reconcile(key: string): Promise<void>
declare function renderPicker(resources: unknown): void
declare function showDelete(): void
declare const Deno: {
  openKv(): Promise<import('kubeflect/deno-kv').DenoKv>
  serve(options: { port: number; hostname: string }, fetch: (request: Request) => Promise<Response>): unknown
}
declare const Bun: {
  serve(options: { port: number; hostname: string; idleTimeout: number; fetch: (request: Request) => Promise<Response> }): unknown
}
declare const createServer: typeof import('node:http').createServer
declare const server: import('kubeflect/testing').FakeApiServer
declare const clock: import('kubeflect/testing').VirtualClock
declare const v: typeof import('valibot')
declare const DatabaseSync: typeof import('node:sqlite').DatabaseSync
declare const queue: import('kubeflect/controller').RateLimitingQueue<string>
declare const access: import('kubeflect/discovery').Access
declare const file: WritableStream<Uint8Array>
declare const term: {
  readonly cols: number
  readonly rows: number
  write(data: Uint8Array | string): void
  onData(listener: (text: string) => void): void
  onResize(listener: (size: { cols: number; rows: number }) => void): void
}
declare const row: import('kubeflect').RowObject
type Widget = import('kubeflect').KubeObject
declare const Widget: import('kubeflect').Resource<Widget>
declare const widget: Widget
declare const widgets: import('kubeflect').SharedInformer<Widget>
declare function createMissingPods(widget: Widget, options: { signal: AbortSignal }): Promise<void>
declare function showFirst(entries: readonly unknown[]): void
declare function renderHead(columns: readonly unknown[]): void
declare class DurableObject { readonly ctx: { storage: import('kubeflect/sql').DurableObjectSqlStorage } }
`

interface Snippet {
  /** As `src/view/view.ts:54`. */
  readonly at: string
  readonly code: string
  readonly extension: string
}

function filesBelow(folder: string, extension: string): string[] {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(extension))
    .map((path) => join(folder, path))
}

function snippetsOf(path: string): Snippet[] {
  const text = readFileSync(join(root, path), 'utf8')
  return [...text.matchAll(/^([ *]*)```(tsx?)\n([\s\S]*?)^[ *]*```/gm)].map(
    ({ 1: margin = '', 2: extension = '', 3: body = '', index }) => ({
      at: `${path}:${text.slice(0, index).split('\n').length}`,
      extension,
      code: body
        .split('\n')
        .map((line) => line.slice(margin.length))
        .join('\n'),
    }),
  )
}

/** Where each exported name comes from. */
function readOrigins(): ReadonlyMap<string, string> {
  const wanted = readEntries().filter(({ name }) => !name.includes('/resources/') || /\/(core|apps)\/v1$/.test(name))
  return withExports(
    wanted,
    (symbols) => new Map([...symbols].reverse().flatMap(([entry, exported]) => exported.map(({ name }) => [name, entry] as const))),
  )
}

/** Adds the imports that a snippet leaves out. */
function complete({ code, extension }: Snippet, origins: ReadonlyMap<string, string>): string {
  const file = ts.createSourceFile(`snippet.${extension}`, code, ts.ScriptTarget.Latest, true)
  const declared = new Set<string>()
  const used = new Set<string>()
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) {
      const { parent } = node
      const isMember = (ts.isPropertyAccessExpression(parent) || ts.isPropertyAssignment(parent)) && parent.name === node
      if ('name' in parent && parent.name === node && !isMember) declared.add(node.text)
      else if (!isMember) used.add(node.text)
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
  const imports = [...used].filter((name) => origins.has(name) && !declared.has(name))
  return `${imports.map((name) => `import { ${name} } from '${origins.get(name)}'`).join(';')};export {};${code}`
}

test('every example in a docstring and every snippet of the documents compiles', () => {
  const documents = ['README.md', 'ARCHITECTURE.md', 'SECURITY.md', ...findDocuments('docs/**/*.md')].filter((path) =>
    existsSync(join(root, path)),
  )
  const snippets = [...filesBelow('src', '.ts').filter((path) => !path.startsWith(INTERNAL)), ...documents].flatMap(snippetsOf)
  expect(snippets.length).toBeGreaterThan(40)
  const origins = readOrigins()
  const sources = new Map([
    [join(root, 'prelude.d.ts'), PRELUDE],
    [join(root, 'frameworks.d.ts'), FRAMEWORKS],
  ])
  snippets.forEach((snippet, i) => void sources.set(join(root, `snippet-${i}.${snippet.extension}`), complete(snippet, origins)))
  const { config } = ts.readConfigFile(join(root, 'tsconfig.test.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  const compilerOptions = { ...options, verbatimModuleSyntax: false, noUncheckedIndexedAccess: false, jsx: ts.JsxEmit.Preserve }
  const host = ts.createCompilerHost(compilerOptions)
  const { getSourceFile, fileExists, readFile } = host
  host.fileExists = (path) => sources.has(path) || fileExists(path)
  host.readFile = (path) => sources.get(path) ?? readFile(path)
  host.getSourceFile = (path, target) => {
    const source = sources.get(path)
    return source === undefined ? getSourceFile.call(host, path, target) : ts.createSourceFile(path, source, target)
  }
  const program = ts.createProgram([...sources.keys()], compilerOptions, host)
  const problems = [...sources.keys()].flatMap((path) => {
    const file = program.getSourceFile(path)
    const diagnostics = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]
    const at = snippets[Number(/snippet-(\d+)/.exec(path)?.[1])]?.at ?? relative(root, path)
    return diagnostics.map(({ messageText }) => `${at}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`)
  })
  expect(problems).toEqual([])
}, 120_000)
