// Installs the peers of the bench.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

interface Manifest {
  readonly version?: string
  readonly dependencies?: Readonly<Record<string, string>>
}

const root = join(import.meta.dirname, '..')
const manifest = (folder: string): Manifest => {
  const file = join(folder, 'package.json')
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
}

/**
 * Installs the peers and tools of the bench into its own folder, unless exactly these versions are installed.
 *
 * @throws Error when npm fails.
 */
export function ensureInstalled(): void {
  const wanted = Object.entries(manifest(root).dependencies ?? {})
  if (wanted.every(([name, version]) => manifest(join(root, 'node_modules', name)).version === version)) return
  console.error('Installing the peers (npm install in bench/) …')
  const { status, error } = spawnSync('npm', ['install', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  })
  if (error) throw new Error(`could not start npm: ${error.message}. Check that npm, which comes with Node, is on the PATH`)
  if (status !== 0) throw new Error(`npm install in bench/ failed with exit code ${status}; see its message above`)
}
