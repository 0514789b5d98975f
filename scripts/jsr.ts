// Checks that the sources can be published on JSR: `node scripts/jsr.ts` writes a copy whose imports have extensions, and runs
// `deno publish --dry-run` on it. With `--keep` it prints the folder of the copy and leaves it there, for `deno publish`.

import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readSubpaths } from './subpaths.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Sub-paths that JSR does not serve: a Worker's script, which has no exports. */
const WITHOUT_EXPORTS = ['worker']

/** Adds the extension to the relative imports of a source. */
export function withExtensions(source: string): string {
  return source.replace(/(\bfrom |\bimport |\bimport\()(['"])(\.\.?\/[^'"]+?)(?:\.js)?\2/g, '$1$2$3.ts$2')
}

/** Returns the JSR configuration for a package.json. */
export function jsrConfig(manifest: {
  readonly version: string
  readonly license: string
  readonly dependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}): object {
  const names = readSubpaths().filter((name) => !WITHOUT_EXPORTS.includes(name))
  // A specifier takes no range such as `>=18`, so a peer has the version that the tests use.
  const peers = Object.keys(manifest.peerDependencies).map((name) => [name, `^${manifest.devDependencies[name]}`])
  const packages = { ...manifest.dependencies, ...Object.fromEntries(peers) }
  return {
    name: '@kubeflect/kubeflect',
    version: manifest.version,
    license: manifest.license,
    exports: Object.fromEntries(names.map((name) => [name === 'index' ? '.' : `./${name}`, `./src/${name}.ts`])),
    // The types of a browser, as in tsconfig.json: Deno has no IndexedDB.
    compilerOptions: {
      lib: ['dom', 'dom.iterable', 'dom.asynciterable', 'deno.ns', 'esnext'],
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
    },
    imports: Object.fromEntries(Object.entries(packages).map(([name, version]) => [name, `npm:${name}@${version}`])),
  }
}

if (import.meta.main) {
  const folder = mkdtempSync(join(tmpdir(), 'kubeflect-jsr-'))
  cpSync(join(root, 'src'), join(folder, 'src'), { recursive: true })
  for (const path of readdirSync(join(folder, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))) {
    const file = join(folder, 'src', path)
    writeFileSync(file, withExtensions(readFileSync(file, 'utf8')))
  }
  for (const name of ['README.md', 'LICENSE', '.npmrc']) cpSync(join(root, name), join(folder, name))
  writeFileSync(
    join(folder, 'deno.json'),
    JSON.stringify(jsrConfig(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))), undefined, 2),
  )
  if (process.argv.includes('--keep')) console.log(folder)
  else {
    const { status } = spawnSync('deno', ['publish', '--dry-run', '--allow-dirty', '--quiet'], { cwd: folder, stdio: 'inherit' })
    rmSync(folder, { recursive: true, force: true })
    process.exitCode = status ?? 1
  }
}
