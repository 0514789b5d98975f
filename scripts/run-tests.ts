// Runs the tests and ends with one line of counts. `npm test` checks the arguments and starts this with the pinned Node.
import { parseCLI, startVitest } from 'vitest/node'
import { summarize, type TestOutcome } from './test-summary.ts'

const { filter, options } = parseCLI(['vitest', 'run', ...process.argv.slice(2)])
const everything = options.testNamePattern === undefined
const vitest = await startVitest('test', filter, { ...options, watch: false })
const outcomes: TestOutcome[] = []
for (const module of vitest.state.getTestModules()) {
  for (const test of module.children.allTests()) {
    const result = test.result()
    // With a title filter, the other tests are skipped on purpose.
    if (result.state === 'skipped' && !everything) continue
    outcomes.push({
      name: `${module.relativeModuleId} > ${test.fullName}`,
      state: result.state,
      reason: result.state === 'skipped' ? result.note : undefined,
    })
  }
  // A module that fails to load and a hook that throws do not fail a test of their own.
  for (const group of [module, ...module.children.allSuites()]) {
    if (group.errors().length > 0) outcomes.push({ name: module.relativeModuleId, state: 'failed' })
  }
}
for (const error of vitest.state.getUnhandledErrors()) outcomes.push({ name: String(error), state: 'failed' })
await vitest.close()

const { lines, exitCode } = summarize(outcomes)
process.stdout.write(`${lines.join('\n')}\n`, () => process.exit(exitCode))
