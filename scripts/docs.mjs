// Implements `npm run docs` and `npm run docs:build`: the documentation site, with the packages that `docs/package-lock.json` pins.
import { ensureInstalled, ensurePackages, exitWith, runPinned } from './install.mjs'

const usage = `Serves the documentation on http://127.0.0.1:5174, or builds it into docs/.vitepress/dist.

  npm run docs        serves it and updates it on each change
  npm run docs:build  compiles its snippets and runs its examples, then builds it and checks the built pages`

/** Builds the playground as a page of the site, with its cluster in a Worker. */
const PLAYGROUND = ['node_modules/vite/bin/vite.js', 'build', 'playground', '--config', 'playground/static/vite.config.ts']
/** Skips the checks of the site, for the tests that check it themselves. */
const UNCHECKED = '--unchecked'
/** Compiles every snippet of the documents, runs the examples, and checks that links lead somewhere; the project `site` checks the built pages. */
const CHECKS = ['test/surface/snippets.test.ts', 'test/documents', 'test/repository/documents.test.ts']

await exitWith(async () => {
  const [command, flag] = process.argv.slice(2)
  if (command !== 'serve' && command !== 'build') {
    console.log(usage)
    return command === undefined || command === '--help' ? 0 : 2
  }
  ensureInstalled()
  ensurePackages('docs')
  const vitepress = [
    'node_modules/vitepress/bin/vitepress.js',
    ...(command === 'build' ? ['build'] : ['dev', '--host', '127.0.0.1', '--port', '5174']),
  ]
  const isChecked = command === 'build' && flag !== UNCHECKED
  /** @type {(project: string, tests: string[]) => () => Promise<number>} */
  const check = (project, tests) => () => runPinned(['node_modules/vitest/vitest.mjs', 'run', '--project', project, ...tests])
  const steps = [
    ...(isChecked ? [check('unit', CHECKS)] : []),
    () => runPinned(['node_modules/typedoc/bin/typedoc'], {}, 'docs'),
    () => runPinned(vitepress, {}, 'docs'),
    ...(command === 'build' ? [() => runPinned([...PLAYGROUND])] : []),
    ...(isChecked ? [check('site', [])] : []),
  ]
  for (const step of steps) {
    const code = await step()
    if (code !== 0) return code
  }
  return 0
})
