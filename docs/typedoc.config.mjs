// Generates the API reference from docstrings, as Markdown pages in `api/`. The entries are the sub-paths that package.json exports.
import { readFileSync } from 'node:fs'
import { ReflectionKind } from 'typedoc'

const { exports } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
/** The Worker's entry exports nothing, and the generated resources follow the API server's own documentation. */
const left = ['./worker', './resources/*', './package.json']
const names = Object.keys(exports).filter((path) => !left.includes(path))

/**
 * Names the main entry after the package, not after its file.
 *
 * @param {import('typedoc').Application} app
 */
function nameMainEntry({ converter }) {
  converter.on('createDeclaration', (_context, reflection) => {
    if (reflection.kind === ReflectionKind.Module && reflection.name === 'index') reflection.name = 'kubeflect'
  })
}

/**
 * Mends links to a type whose name, in lower case, equals a member's full name (`ViewSnapshot` and `View.snapshot`): the Markdown plugin
 * counts both, but only the type has a heading.
 *
 * @param {import('typedoc').Application} app
 */
function mendAnchors({ renderer }) {
  renderer.on('endPage', (page) => {
    page.contents = page.contents?.replace(/(\[`(\w+)`\]\([^)#]*#(\w+))-1\)/g, (link, start, name, anchor) =>
      name.toLowerCase() === anchor ? `${start})` : link,
    )
  })
}

/** @type {Partial<import('typedoc').TypeDocOptions> & Record<string, unknown>} */
export default {
  plugin: ['typedoc-plugin-markdown', 'typedoc-vitepress-theme', nameMainEntry, mendAnchors],
  tsconfig: '../tsconfig.json',
  entryPoints: names.map((path) => `../src/${path === '.' ? 'index' : path.slice(2)}.ts`),
  out: 'api',
  // The rest is on its entry's page: a page for each would triple the size of the site.
  membersWithOwnFile: ['Class'],
  docsRoot: '.',
  sidebar: { autoConfiguration: true, format: 'vitepress', pretty: false, collapsed: true },
  name: 'API reference',
  readme: 'none',
  excludePrivate: true,
  excludeInternal: true,
  excludeExternals: true,
  disableSources: true,
  hideBreadcrumbs: true,
  // Signatures in blocks of highlighted code would double the weight of the pages, and their types could not be links.
  useCodeBlocks: false,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  classPropertiesFormat: 'table',
  typeAliasPropertiesFormat: 'table',
  propertyMembersFormat: 'table',
  typeDeclarationFormat: 'table',
  tableColumnSettings: { hideInherited: true, hideOverrides: true, hideSources: true },
  // Types of options and events are documented where they are used; not each has a page of its own.
  validation: { notExported: false, invalidLink: false },
  logLevel: 'Error',
}
