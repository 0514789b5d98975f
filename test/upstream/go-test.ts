// Runs the tests of a Go module and reads their outcome.
import { spawn, spawnSync } from 'node:child_process'

/** The outcome of one Go test. */
export interface GoTest {
  /** `fail` also where the test never ended. */
  readonly outcome: 'pass' | 'fail' | 'skip'
  /** Everything that the test printed. */
  readonly output: string
}

/** A line of `go test -json`. @see `go doc test2json` */
interface TestEvent {
  readonly Action: string
  readonly Test?: string
  readonly Output?: string
}

/** The reason why Go tests cannot run here; undefined when they can. */
export function whyNoGo(): string | undefined {
  return spawnSync('go', ['version']).status === 0 ? undefined : 'it is run by Go, and there is no `go` on the PATH'
}

/**
 * Runs all tests of a module, after compiling it: some minutes the first time, on a slow machine.
 *
 * @param options.env variables beside those of this process.
 * @param options.timeoutSeconds Go ends the tests after this time; default 300.
 * @returns the tests by name, subtests as `TestLists/List`.
 * @throws Error with the end of Go's output when the module cannot be compiled.
 */
export async function runGoTests(
  folder: string,
  { env = {}, timeoutSeconds = 300 }: { env?: Readonly<Record<string, string>>; timeoutSeconds?: number } = {},
): Promise<ReadonlyMap<string, GoTest>> {
  const args = ['test', '-json', '-count=1', '-vet=off', '-mod=readonly', `-timeout=${timeoutSeconds}s`, '.']
  const go = spawn('go', args, { cwd: folder, env: { ...process.env, CGO_ENABLED: '0', ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  go.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  go.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  await new Promise((resolve, reject) => go.once('error', reject).once('close', resolve))
  const tests = testsIn(stdout)
  if (tests.size === 0) throw new Error(`go test in ${folder} ran no test:\n${`${stdout}\n${stderr}`.slice(-3000)}`)
  return tests
}

/** Reads the output of `go test -json`. */
export function testsIn(json: string): Map<string, GoTest> {
  const tests = new Map<string, GoTest>()
  for (const line of json.split('\n')) {
    if (!line.startsWith('{')) continue
    const { Action: action, Test: name, Output: text = '' } = JSON.parse(line) as TestEvent
    if (name === undefined) continue
    const { outcome, output } = tests.get(name) ?? { outcome: 'fail', output: '' }
    const ended = action === 'pass' || action === 'skip' ? action : outcome
    tests.set(name, { outcome: ended, output: output + text })
  }
  return tests
}
