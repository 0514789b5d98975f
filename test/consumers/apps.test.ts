// Fresh projects with the packed package: pages that Vite builds, and the recipe for Jest and Vitest.

import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import vue from '@vitejs/plugin-vue'
import { build } from 'vite'
import { expect, inject, test } from 'vitest'

const { project } = inject('consumers')
const root = join(import.meta.dirname, '../..')
const run = promisify(execFile)

/** The entries of pages that show the example of a table. */
const PAGES = {
  react: `import { createRoot } from 'react-dom/client'
import { App } from './react.tsx'
createRoot(document.body).render(<App />)`,
  vue: `import { createApp } from 'vue'
import PodsTable from './PodsTable.vue'
createApp(PodsTable).mount(document.body)`,
}

/** Creates a folder of the project; Node finds the packages of the project from there. */
function folderOf(name: string): string {
  const folder = join(project, 'apps', name)
  mkdirSync(folder, { recursive: true })
  return folder
}

test.each(['react', 'vue'] as const)(
  'a page of Vite with %s builds the example of a table from the packed package, without a warning',
  async (name) => {
    const folder = folderOf(name)
    cpSync(join(root, 'examples/pods-table'), folder, { recursive: true })
    const entry = name === 'react' ? 'main.tsx' : 'main.ts'
    writeFileSync(join(folder, entry), PAGES[name])
    writeFileSync(join(folder, 'index.html'), `<!doctype html><script type="module" src="./${entry}"></script>`)
    const warnings: string[] = []
    const warn = (text: string) => void warnings.push(text)
    const logger = { info() {}, warn, warnOnce: warn, error: warn, clearScreen() {}, hasErrorLogged: () => false, hasWarned: false }
    const result = await build({
      root: folder,
      configFile: false,
      customLogger: logger,
      plugins: name === 'vue' ? [vue()] : [],
      build: { write: false, chunkSizeWarningLimit: 2000 },
    })
    const { output } = result as unknown as { output: { type: string; code?: string }[] }
    const code = output.map((file) => file.code ?? '').join('\n')
    expect(warnings.filter((text) => !text.includes('"use client"'))).toEqual([])
    expect(code).toContain('sendInitialEvents')
  },
)

/** Returns the first program of the recipe, as a file that needs no compiler. */
function recipeTest(): string {
  const text = readFileSync(join(root, 'docs/recipes/jest-and-vitest.md'), 'utf8')
  const [, program] = /```ts\n([^`]+?from 'vitest'\n[^`]+)```/.exec(text) ?? []
  if (!program) throw new Error('the recipe has no program for Vitest')
  return program
}

test('the recipe for Vitest passes in a fresh project', async () => {
  const folder = folderOf('vitest')
  writeFileSync(join(folder, 'pods.test.ts'), recipeTest())
  writeFileSync(join(folder, 'vitest.config.mjs'), 'export default { test: { watch: false } }')
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const { stdout } = await run(process.execPath, [vitest, 'run', '--root', folder], { cwd: folder, env: plainEnvironment() })
  expect(stdout).toMatch(/1 passed/)
})

test('the recipe for Jest passes in a fresh project', async () => {
  const folder = folderOf('jest')
  writeFileSync(join(folder, 'pods.test.mjs'), recipeTest().replace("'vitest'", "'@jest/globals'"))
  const config = {
    type: 'module',
    jest: { testEnvironment: 'node', testMatch: ['**/*.test.mjs'], transform: {}, haste: { enableSymlinks: true } },
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(config))
  const jest = join(import.meta.dirname, 'node_modules/jest/bin/jest.js')
  const { stderr } = await run(process.execPath, ['--experimental-vm-modules', jest, '--rootDir', folder, '--watchman=false'], {
    cwd: folder,
    env: plainEnvironment(),
  })
  expect(stderr).toMatch(/1 passed/)
})

/** Returns the environment without what this run of Vitest has added to it. */
function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_ENV|TEST$)/.test(name)))
}
