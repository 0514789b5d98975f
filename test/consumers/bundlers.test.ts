// The packed package in the bundlers of applications: warnings, tree shaking, and misuse.

import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build as esbuild } from 'esbuild'
import { build as vite } from 'vite'
import { describe, expect, inject, test } from 'vitest'
import { readSubpaths } from '../../scripts/subpaths.ts'

const { project } = inject('consumers')

/** What became of a bundle: its code, and what the bundler had to say. */
interface Bundle {
  readonly code: string
  readonly warnings: readonly string[]
}

type Bundler = (entry: string) => Promise<Bundle>

/** A bundler that only the project has. */
async function load(path: string): Promise<Record<string, never>> {
  return await import(pathToFileURL(join(project, 'node_modules', path)).href)
}

const bundlers: Readonly<Record<string, Bundler>> = {
  async esbuild(entry) {
    const { outputFiles, warnings } = await esbuild({
      entryPoints: [entry],
      absWorkingDir: project,
      bundle: true,
      minify: true,
      write: false,
      format: 'esm',
      logLevel: 'silent',
    })
    return { code: outputFiles[0]?.text ?? '', warnings: warnings.map(({ text }) => text) }
  },
  async vite(entry) {
    const warnings: string[] = []
    const warn = (text: string) => void warnings.push(text)
    const result = await vite({
      root: project,
      configFile: false,
      customLogger: {
        info: () => {},
        warn,
        warnOnce: warn,
        error: warn,
        clearScreen: () => {},
        hasErrorLogged: () => false,
        hasWarned: false,
      },
      build: {
        write: false,
        lib: { entry, formats: ['es'] },
        rolldownOptions: {
          onwarn: (warning) => isForClients(warning) || warn(warning.message ?? ''),
          // On a busy machine it warns of slow plugins.
          checks: { pluginTimings: false },
        },
      },
    })
    const [{ output }] = result as unknown as [{ output: [{ code: string }] }]
    return { code: output[0].code, warnings }
  },
  async rollup(entry) {
    const { rollup } = (await load('rollup/dist/es/rollup.js')) as unknown as { rollup: (options: object) => Promise<RollupBuild> }
    const warnings: string[] = []
    const build = await rollup({
      input: entry,
      plugins: [{ name: 'packages', resolveId: resolvePackage }],
      // A bundle of nothing is what one of the tests wants.
      onwarn: (warning: Warning) => warning.code === 'EMPTY_BUNDLE' || isForClients(warning) || warnings.push(warning.message ?? ''),
    })
    const { output } = await build.generate({ format: 'es' })
    return { code: output[0].code, warnings }
  },
  async webpack(entry) {
    const { default: webpack } = (await load('webpack/lib/index.js')) as unknown as { default: Webpack }
    const options = { mode: 'production', context: project, entry, output: { path: join(project, 'out') }, performance: false }
    const stats = await new Promise<WebpackStats>((resolve, reject) =>
      webpack(options, (error, done) => (done ? resolve(done) : reject(error))),
    )
    const { warnings, errors } = stats.toJson({ all: false, warnings: true, errors: true })
    return { code: '', warnings: [...warnings, ...errors].map(({ message }) => message) }
  },
}

interface Warning {
  readonly code?: string
  readonly message?: string
}

/** Whether a warning is of `'use client'`, which marks hooks for React's server bundlers. `@vitejs/plugin-react` ignores it, too. */
const isForClients = ({ code, message = '' }: Warning): boolean => code === 'MODULE_LEVEL_DIRECTIVE' && message.includes('"use client"')

interface RollupBuild {
  generate(options: object): Promise<{ output: [{ code: string }] }>
}
interface WebpackStats {
  toJson(options: object): Record<'warnings' | 'errors', { message: string }[]>
}
type Webpack = (options: object, done: (error: unknown, stats?: WebpackStats) => void) => void

const { peerDependencies } = JSON.parse(readFileSync(join(project, 'node_modules/kubeflect/package.json'), 'utf8'))
const isPeer = (id: string): boolean => Object.keys(peerDependencies).some((name) => id === name || id.startsWith(`${name}/`))

/** Finds packages as `@rollup/plugin-node-resolve` does, and heeds `sideEffects` of their package.json. Peers stay outside. */
function resolvePackage(id: string, importer: string | undefined): { id: string; moduleSideEffects: boolean; external?: boolean } {
  if (isPeer(id)) return { id, moduleSideEffects: false, external: true }
  const [, subpath = 'index'] = /^kubeflect(?:\/(.*))?$/.exec(id) ?? []
  const entries: Readonly<Record<string, string>> = {
    ky: 'ky/distribution/index.js',
    valibot: 'valibot/dist/index.mjs',
    'idb-keyval': 'idb-keyval/dist/index.js',
  }
  const path = /^[./]/.test(id) ? join(importer ? dirname(importer) : project, id) : undefined
  const entry = id.startsWith('kubeflect') ? `kubeflect/dist/${subpath}.js` : entries[id]
  const found = id.startsWith('/') ? id : (path ?? (entry && join(project, 'node_modules', entry)))
  if (!found) throw new Error(`the bundle imports ${id}`)
  return { id: found, moduleSideEffects: !importer || found.endsWith('worker.js') }
}

function write(name: string, code: string): string {
  const path = join(project, `${name}.js`)
  writeFileSync(path, code)
  return path
}

const nameOf = (subpath: string): string => (subpath === 'index' ? 'kubeflect' : `kubeflect/${subpath}`)
// Browsers have no `kubeflect/kubeconfig` or `kubeflect/local`; of the generated resources, which are alike, one stands for all.
const subpaths = readSubpaths().filter(
  (each) => !['kubeconfig', 'local'].includes(each) && (!each.startsWith('resources/') || each === 'resources/core/v1'),
)
// Threads that a page starts by URL: importing one runs it.
const threads = ['worker', 'tabs-worker']
const everything = subpaths.map((each, i) => `export * as entry${i} from '${nameOf(each)}'`).join('\n')

describe.each(Object.entries(bundlers))('%s', (name, bundle) => {
  test(`${name} bundles every entry without a warning`, async () => {
    expect((await bundle(write('everything', everything))).warnings).toEqual([])
  })

  test(`${name} removes the package from a bundle that imports every entry and uses none`, async () => {
    const { code, warnings } = await bundle(
      write(
        'nothing',
        subpaths
          .filter((each) => !threads.includes(each))
          .map((each, i) => `import * as entry${i} from '${nameOf(each)}'`)
          .join('\n'),
      ),
    )
    // esbuild says so of an import for its effects only; these are not.
    expect(warnings).toEqual([])
    expect(code.trim().length).toBeLessThan(100)
  })
})

test.each(['esbuild', 'vite', 'rollup'])('%s leaves unused exports out of a bundle', async (name) => {
  const { code } = await (bundlers[name] as Bundler)(
    write(
      'resource',
      `import { defineResource } from 'kubeflect'\nexport const Pod = defineResource({ version: 'v1', plural: 'pods', kind: 'Pod' })`,
    ),
  )
  expect(gzipSync(code).length).toBeLessThan(2_000)
})

test.each([
  ['streams', 'node', 'exec, connectPort, runCommand'],
  ['streams', 'browser', 'exec, connectPort, runCommand'],
  ['operator', 'node', 'LeaderElection, EventRecorder, withFinalizer'],
  ['operator', 'browser', 'LeaderElection, EventRecorder, withFinalizer'],
  ['local', 'node', 'forwardPort, copyFrom, copyTo'],
  ['kubeconfig', 'node', 'loadKubeconfig'],
] as const)(
  'esbuild bundles kubeflect/%s for %s without a warning, and the bundle imports no package but peers',
  async (subpath, platform, names) => {
    const { metafile, warnings } = await esbuild({
      entryPoints: [write(`${subpath}-for-${platform}`, `export { ${names} } from 'kubeflect/${subpath}'`)],
      absWorkingDir: project,
      bundle: true,
      write: false,
      metafile: true,
      format: 'esm',
      platform,
      external: Object.keys(peerDependencies),
      logLevel: 'silent',
    })
    expect(warnings).toEqual([])
    // Node's modules are asked for by name when they are used, so that no bundler sees them.
    const imports = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path))
    expect(imports.filter((path) => !isPeer(path))).toEqual([])
  },
)

test.each([
  ['kubeconfig', 'browser', 'loadKubeconfig'],
  ['local', 'browser', 'forwardPort'],
  ['local', 'workerd', 'forwardPort'],
])('bundling kubeflect/%s for the condition %s fails and names the runtimes where it works', async (subpath, condition, name) => {
  const entry = write(`${subpath}-${condition}`, `import { ${name} } from 'kubeflect/${subpath}'\n${name}()`)
  const failure = await esbuild({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'esm',
    platform: condition === 'browser' ? 'browser' : 'neutral',
    conditions: [condition],
    logLevel: 'silent',
  }).catch(String)
  expect(String(failure)).toContain('works in Node, Deno and Bun only')
})
