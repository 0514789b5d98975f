import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'
import { installIn } from '../support/install.ts'

// Before the consumers: packs the package as it is published, and puts it into a project beside their compilers and bundlers.

declare module 'vitest' {
  interface ProvidedContext {
    /** A project that has the package's tarball installed, with the fixtures in it; and what npm says of the tarball. */
    consumers: { readonly project: string; readonly tarball: Tarball }
  }
}

/** What `npm pack` says of a tarball. Sizes are in bytes. */
export interface Tarball {
  readonly size: number
  readonly unpackedSize: number
  readonly files: readonly { readonly path: string; readonly size: number }[]
}

const root = join(import.meta.dirname, '../..')
const run = promisify(execFile)

/** Vitest's global setup of the project `consumers`. */
export async function setup({ provide }: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'kubeflect-consumers-'))
  const project = join(folder, 'project')
  const installed = join(project, 'node_modules')
  mkdirSync(installed, { recursive: true })
  const [tarball] = await Promise.all([pack(join(folder, 'package'), installed), installIn(import.meta.dirname)])
  // Each package of the tools' and of the library's stands beside the library, as npm would put it.
  for (const source of [join(import.meta.dirname, 'node_modules'), join(root, 'node_modules')]) link(source, installed)
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  cpSync(join(import.meta.dirname, 'fixtures'), project, { recursive: true })
  provide('consumers', { project, tarball })
  return () => rmSync(folder, { recursive: true, force: true })
}

/** Builds the package in a folder of its own, packs it, and unpacks the tarball where npm would. */
async function pack(folder: string, installed: string): Promise<Tarball> {
  mkdirSync(folder)
  for (const file of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'src'])
    cpSync(join(root, file), join(folder, file), { recursive: true })
  const dist = join(folder, 'dist')
  await run(process.execPath, [join(root, 'node_modules/tsup/dist/cli-default.js'), '--out-dir', dist, '--silent'], { cwd: root })
  await run(process.execPath, [join(root, 'scripts/finish-build.ts'), dist])
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json'], { cwd: folder, shell: process.platform === 'win32' })
  const [tarball] = JSON.parse(stdout) as [Tarball & { readonly filename: string }]
  const kubeflect = join(installed, 'kubeflect')
  mkdirSync(kubeflect)
  await run('tar', ['xzf', tarball.filename, '--strip-components', '1', '-C', kubeflect], { cwd: folder })
  return tarball
}

function link(source: string, target: string): void {
  for (const name of readdirSync(source).filter((each) => !each.startsWith('.'))) {
    if (name.startsWith('@')) link(join(source, name), join(target, name))
    else if (!existsSync(join(target, name))) {
      mkdirSync(dirname(join(target, name)), { recursive: true })
      symlinkSync(join(source, name), join(target, name))
    }
  }
}
