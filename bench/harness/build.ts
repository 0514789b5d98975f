// Bundles and compiles the subjects of the bench.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'

/** The folder of the bench. */
export const benchRoot: string = fileURLToPath(new URL('..', import.meta.url))
const root = join(benchRoot, '..')
const cache = join(benchRoot, '.cache')

/** A checkout of this repository to measure. */
export interface Checkout {
  /** The name of its rows. */
  readonly name: string
  readonly folder: string
}

/** The checkout of the bench itself. */
export const ours: Checkout = { name: 'kubeflect', folder: root }

/**
 * Bundles a module of the bench for its runtime. `kubeflect` resolves to the sources of a checkout, compiled as by `npm run build`.
 *
 * @returns the path of the script.
 */
export async function bundle(
  entry: string,
  { platform, checkout = ours }: { platform: 'node' | 'browser'; checkout?: Checkout },
): Promise<string> {
  const name = `${basename(entry, '.ts')}-${checkout.name.replaceAll(/\W/g, '_')}`
  const outfile = join(cache, platform === 'node' ? `${name}.mjs` : `${name}.js`)
  await build({
    entryPoints: [join(benchRoot, entry)],
    outfile,
    bundle: true,
    format: platform === 'node' ? 'esm' : 'iife',
    platform,
    target: 'es2022',
    define: { 'process.env.NODE_ENV': '"production"' },
    // Node resolves the peers from the location of the script.
    external: ['@kubernetes/client-node', 'kubernetes-fluent-client'],
    nodePaths,
    plugins: [libraryOf(checkout)],
  })
  return outfile
}

/**
 * Bundles a source text as a page would load it, minified. Excludes lazily imported modules, Node's built-in modules and the packages in
 * `external`.
 */
export async function bundleSource(source: string, external: readonly string[] = []): Promise<Uint8Array> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: source, resolveDir: benchRoot },
    write: false,
    metafile: true,
    splitting: true,
    outdir: cache,
    external: [...external],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    mainFields: ['browser', 'module', 'main'],
    conditions: ['browser'],
    target: 'es2022',
    nodePaths,
    plugins: [libraryOf(ours)],
  })
  const loaded = new Set<string>()
  const load = (file: string) => {
    if (loaded.has(resolve(file))) return
    loaded.add(resolve(file))
    for (const { path, kind } of metafile.outputs[file]?.imports ?? []) if (kind === 'import-statement') load(path)
  }
  for (const [file, { entryPoint }] of Object.entries(metafile.outputs)) if (entryPoint === '<stdin>') load(file)
  return Buffer.concat(outputFiles.filter(({ path }) => loaded.has(path)).map(({ contents }) => contents))
}

const nodePaths = [join(root, 'node_modules')]

/** Resolves `kubeflect` to the sources of a checkout. */
const libraryOf = ({ folder }: Checkout): Plugin => ({
  name: 'kubeflect',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^kubeflect(\/|$)/ }, ({ path }) => ({
      path: join(folder, 'src', `${path.replace(/^kubeflect\/?/, '') || 'index'}.ts`),
      sideEffects: false,
    })),
})

/** A compiled program, or the reason why there is none. */
export type Compiled = { readonly program: string } | { readonly skipped: string }

/** Compiles the Go peer. */
export function compileGo(): Compiled {
  const program = join(cache, 'client-go-peer')
  return compile('go', ['build', '-trimpath', '-buildvcs=false', '-o', program, '.'], join(benchRoot, 'peers/client-go'), program)
}

/** Compiles the Rust peer with optimizations, which takes some minutes the first time. */
export function compileRust(): Compiled {
  // Cargo writes a lockfile next to the sources, so build a copy of them.
  const project = join(cache, 'kube-rs')
  cpSync(join(benchRoot, 'peers/kube-rs'), project, { recursive: true, preserveTimestamps: true })
  return compile('cargo', ['build', '--release', '--quiet'], project, join(project, 'target/release/kube-rs-peer'))
}

function compile(tool: string, args: readonly string[], folder: string, program: string): Compiled {
  mkdirSync(cache, { recursive: true })
  const { status, error, stderr } = spawnSync(tool, args, { cwd: folder, encoding: 'utf8' })
  if (error) return { skipped: `${basename(folder)}: ${tool} is not on the PATH` }
  if (status !== 0) return { skipped: `${basename(folder)}: ${tool} failed: ${stderr.trim().split('\n').at(-1)}` }
  return { program }
}
