import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

// Before the tests of the documentation site: builds it, unless `npm run docs:build` did so already.

const root = join(import.meta.dirname, '../..')

/** Vitest's global setup of the project `site`. */
export function setup(): void {
  if (existsSync(join(root, 'docs/.vitepress/dist'))) return
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts/docs.mjs'), 'build', '--unchecked'], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`the documentation site does not build: ${stderr}`)
}
