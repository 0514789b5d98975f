// Installs what a folder of the tests has in its lockfile.

import { execFile } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Installs the packages of a folder's `package-lock.json` into it, unless they have been installed since it changed. */
export async function installIn(folder: string): Promise<void> {
  const installed = statSync(join(folder, 'node_modules/.package-lock.json'), { throwIfNoEntry: false })
  if (installed && installed.mtimeMs >= statSync(join(folder, 'package-lock.json')).mtimeMs) return
  await run('npm', ['ci', '--ignore-scripts'], { cwd: folder, shell: process.platform === 'win32' })
}
