import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'
import { type Bundled, bundle } from './bundle.ts'

// Before the matrix runs: builds the package as it is published, and the cases of each runtime beside a project that has it installed.

declare module 'vitest' {
  interface ProvidedContext {
    /** A project with the built package among its dependencies, and the cases of each runtime: `node.js`, `bun.js`, … */
    runtimeProject: string
    /** The older Node's binary, or why there is none. */
    olderNode: { binary: string } | { skipped: string }
  }
}

const root = join(import.meta.dirname, '../..')
const run = promisify(execFile)

/** Vitest's global setup of the project `runtime`. */
export async function setup({ provide }: TestProject): Promise<() => void> {
  const project = mkdtempSync(join(tmpdir(), 'kubeflect-runtime-'))
  const [olderNode] = await Promise.all([installOlderNode(), createProject(project)])
  provide('runtimeProject', project)
  provide('olderNode', olderNode)
  return () => rmSync(project, { recursive: true, force: true })
}

async function createProject(project: string): Promise<void> {
  const installed = join(project, 'node_modules')
  const kubeflect = join(installed, 'kubeflect')
  mkdirSync(kubeflect, { recursive: true })
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  cpSync(join(root, 'package.json'), join(kubeflect, 'package.json'))
  for (const dependency of ['ky', 'valibot', 'idb-keyval', 'undici', 'yaml'])
    symlinkSync(join(root, 'node_modules', dependency), join(installed, dependency))
  const tsup = join(root, 'node_modules/tsup/dist/cli-default.js')
  await run(process.execPath, [tsup, '--out-dir', join(kubeflect, 'dist'), '--no-dts', '--no-clean', '--silent'], { cwd: root })
  const bundleCases = (name: string, how: Bundled['how']) =>
    bundle(project, { entry: join(import.meta.dirname, `runtimes/${name}.ts`), name, how })
  for (const name of ['node', 'bun', 'deno']) await bundleCases(name, 'package left out')
  for (const name of ['workerd', 'chromium']) await bundleCases(name, 'package included')
}

/** Installs it where it is not yet: an exact version, from npm. */
async function installOlderNode(): Promise<{ binary: string } | { skipped: string }> {
  const folder = join(import.meta.dirname, 'node-22')
  const binary = join(folder, 'node_modules/node/bin/node')
  if (existsSync(binary)) return { binary }
  try {
    await run('npm', ['install', '--no-package-lock', '--no-audit', '--no-fund'], { cwd: folder, shell: process.platform === 'win32' })
    return { binary }
  } catch (error) {
    const [reason] = String((error as { stderr?: unknown }).stderr || error).split('\n')
    return { skipped: `Node 22 could not be installed: ${reason}` }
  }
}
