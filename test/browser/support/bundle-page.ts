import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { sourceAlias } from '../../../scripts/source-alias.ts'

/** Options of {@link bundlePage}. */
export interface BundleOptions {
  /** The path at which the files are served; default `/`. */
  readonly base?: string
}

/** Builds a page of `pages/` as Vite does, Workers included. Returns its files by their paths; the page's own script is `/page.js`. */
export function bundlePage(name: string, options: BundleOptions = {}): Promise<Map<string, string>> {
  return bundleScript(fileURLToPath(new URL(`../pages/${name}.ts`, import.meta.url)), options)
}

/** Builds the script of a page from a file, like {@link bundlePage}. */
export async function bundleScript(path: string, { base = '/' }: BundleOptions = {}): Promise<Map<string, string>> {
  const built = await build({
    base,
    configFile: false,
    logLevel: 'error',
    resolve: { alias: sourceAlias },
    build: {
      write: false,
      target: 'esnext',
      modulePreload: { polyfill: false },
      rolldownOptions: { input: path, output: { entryFileNames: 'page.js' } },
    },
  })
  const outputs = (Array.isArray(built) ? built : [built]).flatMap((result) => ('output' in result ? result.output : []))
  return new Map(outputs.map((file) => [`/${file.fileName}`, file.type === 'chunk' ? file.code : String(file.source)]))
}
