// Runs programs in Node, Deno and Bun.

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'vite'
import { sourceAlias } from '../../scripts/source-alias.ts'

const modules = join(import.meta.dirname, '../../node_modules')
const runtimes = { node: [], deno: ['run', '--allow-all', '--no-prompt'], bun: [] }

/** Runs a program in a runtime and returns the JSON that it prints. */
export type RunIn = (runtime: keyof typeof runtimes, ...args: string[]) => Promise<unknown>

/** Bundles a program of `scripts/` with the library's sources; all runtimes run the same bundle. */
export async function bundleScript(name: string): Promise<RunIn> {
  // A folder from which the runtimes resolve the packages that are not bundled: undici, yaml and the library's dependencies.
  const outDir = join(modules, `.cache/kubeflect/kubeconfig-${name}`)
  await build({
    configFile: false,
    logLevel: 'error',
    resolve: { alias: sourceAlias },
    build: { ssr: join(import.meta.dirname, `scripts/${name}.ts`), outDir, emptyOutDir: true, target: 'esnext' },
  })
  return async (runtime, ...args) => {
    const command = join(modules, '.bin', runtime)
    const { stdout } = await promisify(execFile)(command, [...runtimes[runtime], join(outDir, `${name}.js`), ...args], { timeout: 60_000 })
    return JSON.parse(stdout)
  }
}
