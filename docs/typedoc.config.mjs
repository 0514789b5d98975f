// Generates the API reference from docstrings, as Markdown pages in `api/`. The entries are the sub-paths that package.json exports.
import { readFileSync } from 'node:fs'

const { exports } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
/** The Worker's entry exports nothing, and the generated resources follow the API server's own documentation. */
const left = ['./worker', './resources/*', './package.json']
const names = Object.keys(exports).filter((path) => !left.includes(path))

/** @type {Partial<import('typedoc').TypeDocOptions> & Record<string, unknown>} */
export default {
  plugin: ['typedoc-plugin-markdown', 'typedoc-vitepress-theme'],
  tsconfig: '../tsconfig.json',
  entryPoints: names.map((path) => `../src/${path === '.' ? 'index' : path.slice(2)}.ts`),
  out: 'api',
  docsRoot: '.',
  sidebar: { autoConfiguration: true, format: 'vitepress', pretty: false, collapsed: true },
  name: 'API reference',
  readme: 'none',
  excludePrivate: true,
  excludeInternal: true,
  excludeExternals: true,
  disableSources: true,
  hideBreadcrumbs: true,
  useCodeBlocks: true,
  parametersFormat: 'table',
  propertyMembersFormat: 'table',
  // Types of options and events are documented where they are used; not each has a page of its own.
  validation: { notExported: false, invalidLink: false },
  logLevel: 'Error',
}
