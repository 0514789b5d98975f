import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import vue from '@vitejs/plugin-vue'
import type { Page } from 'playwright-core'
import { type Alias, build, type PluginOption } from 'vite'
import solid from 'vite-plugin-solid'
import { sourceAlias } from '../../../scripts/source-alias.ts'
import type { Fetch } from '../../../src/http/sender'
import type { FakeApiServer } from '../../../src/testing'
import { createProfile, launchChromium } from '../../support/chromium.ts'
import { serve } from '../../support/http.ts'

/** The pages of these tests, as they are named in `pages/`. */
export type PageName =
  | 'react.tsx'
  | 'react-18.tsx'
  | 'react-cases.tsx'
  | 'react-table.tsx'
  | 'devtools.ts'
  | 'vue-nodes.ts'
  | 'svelte-nodes.ts'
  | 'solid-nodes.tsx'
  | 'hydrate-react.tsx'
  | 'hydrate-vue.ts'
  | 'hydrate-svelte.ts'
  | 'hydrate-solid.tsx'
  | 'vue.ts'
  | 'svelte.ts'
  | 'solid.tsx'
  | 'solid-2.tsx'

/** Variants of a page's build. */
export interface BuildOptions {
  /** Other packages in place of those that the page imports. */
  readonly alias?: readonly Alias[]
  readonly mode?: 'development' | 'production'
  /** Other plugins in place of that of the page's framework. */
  readonly plugins?: () => PluginOption[]
}

const plugins = (name: string, mode: string): PluginOption[] => {
  // Solid compiles otherwise what is rendered on a server.
  if (name.includes('solid'))
    return [solid({ dev: mode === 'development' && name.startsWith('solid'), ssr: !name.startsWith('solid'), hot: false })]
  if (name.includes('svelte'))
    return [svelte({ configFile: false, compilerOptions: { dev: mode === 'development' }, prebundleSvelteLibraries: false })]
  return name.includes('vue') ? [vue()] : []
}

/** The pages that were built, by their variant. */
const built = new Map<BuildOptions, Map<PageName, Promise<Map<string, string>>>>()
const PLAIN: BuildOptions = {}

/** Builds a page once for each variant. */
export function pageOf(name: PageName, options: BuildOptions = PLAIN): Promise<Map<string, string>> {
  const pages = built.get(options) ?? new Map<PageName, Promise<Map<string, string>>>()
  built.set(options, pages)
  const page = pages.get(name) ?? bundle(pathOf(name), options)
  pages.set(name, page)
  return page
}

/** Builds a page with the plugin of its framework. Returns its files by their paths; the page's own script is `/page.js`. */
async function bundle(
  path: string,
  { alias = [], mode = 'development', plugins: others }: BuildOptions = {},
): Promise<Map<string, string>> {
  const name = path.split('/').at(-1) ?? ''
  const result = await build({
    configFile: false,
    logLevel: 'error',
    mode,
    plugins: others?.() ?? plugins(name, mode),
    define: { 'process.env.NODE_ENV': JSON.stringify(mode) },
    resolve: { alias: [...alias, ...sourceAlias] },
    build: {
      write: false,
      minify: mode === 'production',
      target: 'esnext',
      modulePreload: { polyfill: false },
      rolldownOptions: { input: path, output: { entryFileNames: 'page.js' } },
    },
  })
  const outputs = [result].flat().flatMap((each) => ('output' in each ? each.output : []))
  return new Map(outputs.map((file) => [`/${file.fileName}`, file.type === 'chunk' ? file.code : String(file.source)]))
}

/** The parts of a document that a server has rendered. */
export interface Rendered {
  readonly head: string
  readonly body: string
}

/** Builds a module of `pages/` for Node, and renders its page. `fetch` receives the requests of the library. */
export async function renderOnServer(name: 'server-svelte.ts' | 'server-solid.tsx', fetch: Fetch): Promise<Rendered> {
  const outDir = fileURLToPath(new URL(`../../../node_modules/.cache/kubeflect/${name}`, import.meta.url))
  await build({
    configFile: false,
    logLevel: 'error',
    mode: 'production',
    plugins: plugins(name, 'production'),
    resolve: { alias: sourceAlias },
    ssr: { noExternal: true },
    build: { ssr: pathOf(name), outDir, emptyOutDir: true, rolldownOptions: { output: { entryFileNames: 'page.js' } } },
  })
  const { html } = await import(`${outDir}/page.js`)
  return html(fetch)
}

const pathOf = (name: string) => fileURLToPath(new URL(`pages/${name}`, import.meta.url))

/** A page of a framework, in a browser of its own, with an API server below `/k8s`. */
export interface Visit extends AsyncDisposable {
  readonly page: Page
  readonly url: string
  /** Everything that the console has received as a warning or an error, and every uncaught error. */
  readonly complaints: readonly string[]
}

/**
 * Builds and serves a page, and opens an empty tab beside it.
 *
 * @param options.html the body that a server has rendered, and `head` what it needs in the document's head.
 * @param options.variant a variant of the build. Each object is built once.
 */
export async function visit(
  name: PageName,
  server: FakeApiServer,
  {
    head = '',
    html = '',
    variant = PLAIN,
  }: { head?: string | undefined; html?: string | undefined; variant?: BuildOptions | undefined } = {},
): Promise<Visit> {
  const files = await pageOf(name, variant)
  const site = await serve(async (request) => {
    const { pathname, search } = new URL(request.url)
    if (pathname.startsWith('/k8s/')) return server.fetch(new Request(new URL(pathname.slice(4) + search, request.url), request))
    const file = files.get(pathname)
    const type = pathname.endsWith('.css') ? 'text/css' : 'text/javascript'
    if (file) return new Response(file, { headers: { 'content-type': type } })
    return new Response(
      `<!doctype html><link rel="icon" href="data:,">${head}<div id="app">${html}</div><script type="module" src="/page.js"></script>`,
      { headers: { 'content-type': 'text/html' } },
    )
  })
  const profile = await createProfile()
  const context = await launchChromium(profile)
  const page = context.pages()[0] ?? (await context.newPage())
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  return {
    page,
    url: site.url,
    complaints,
    async [Symbol.asyncDispose]() {
      await context.close()
      await profile[Symbol.asyncDispose]()
      await site.close()
    },
  }
}
