import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { sourceAlias } from '../../../scripts/source-alias.ts'

/** Builds a page of `pages/` as Vite does, Workers included. Returns its files by their paths; the page's own script is `/page.js`. */
export function bundlePage(name: string): Promise<Map<string, string>> {
  return bundleScript(fileURLToPath(new URL(`../pages/${name}.ts`, import.meta.url)))
}

/** Builds the script of a page from a file, like {@link bundlePage}. */
export async function bundleScript(path: string): Promise<Map<string, string>> {
  const built = await build({
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
