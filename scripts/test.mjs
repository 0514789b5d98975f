// Implements `npm test`: checks the arguments and starts the tests with the pinned Node.
import { parseFlags } from './flags.mjs'
import { ensureInstalled, exitWith, runPinned } from './install.mjs'

const usage = `Runs the tests, names those that were skipped, and ends with a line that counts them.

  npm test -- [path …] [-t pattern] [--project name]

  path            only test files whose path contains it
  -t pattern      only tests whose full title matches it
  --project name  only unit, examples, browser, cluster, runtime, consumers or site
  --help          this text`

await exitWith(() => {
  const args = process.argv.slice(2)
  const options = /** @type {const} */ ({
    testNamePattern: { type: 'string', short: 't' },
    project: { type: 'string', multiple: true },
    help: { type: 'boolean', short: 'h' },
  })
  if (parseFlags(args, options, usage, { allowPositionals: true }).help) {
    console.log(usage)
    return 0
  }
  ensureInstalled()
  return runPinned(['scripts/run-tests.ts', ...args])
})
