// Bundles programs of tests for the runtimes.

import { join } from 'node:path'
import { build } from 'vite'

/** What to bundle. */
export interface Bundled {
  /** The path of the program. */
  readonly entry: string
  /** The bundle is `<name>.js` in the project. */
  readonly name: string
  /** Where a runtime finds packages itself, it finds this one as it is published. */
  readonly how: 'package left out' | 'package included'
}

/** Bundles a program into a project that has the built package installed. */
export async function bundle(project: string, { entry, name, how }: Bundled): Promise<void> {
  const dist = join(project, 'node_modules/kubeflect/dist/')
  const external = [/^(node|bun|cloudflare):/, ...(how === 'package left out' ? [/^kubeflect(\/|$)/] : [])]
  await build({
    root: project,
    configFile: false,
    logLevel: 'error',
    resolve: {
      alias:
        how === 'package left out'
          ? []
          : [
              { find: /^kubeflect$/, replacement: `${dist}index.js` },
              { find: /^kubeflect\/(.+)$/, replacement: `${dist}$1.js` },
            ],
    },
    build: {
      outDir: project,
      emptyOutDir: false,
      minify: false,
      target: 'es2022',
      lib: { entry, formats: ['es'], fileName: () => `${name}.js` },
      rolldownOptions: { external, output: { codeSplitting: false } },
    },
  })
}
