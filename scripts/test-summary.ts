/** What became of one test; `pending` is one that never came to an end. */
export interface TestOutcome {
  readonly name: string
  readonly state: 'passed' | 'failed' | 'skipped' | 'pending'
  /** Why it was skipped. */
  readonly reason?: string | undefined
}

/**
 * Sums a test run up: a line for each test that was skipped, then exactly one with the counts.
 *
 * @returns the lines, and the exit code: not zero when anything failed or nothing ran.
 */
export function summarize(outcomes: readonly TestOutcome[]): { lines: string[]; exitCode: number } {
  const skipped = outcomes.filter(({ state }) => state === 'skipped')
  const passed = outcomes.filter(({ state }) => state === 'passed').length
  const failed = outcomes.length - skipped.length - passed
  const lines = skipped.map(({ name, reason }) => `skipped: ${name}${reason ? ` (${reason})` : ''}`)
  lines.push(`${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`)
  return { lines, exitCode: failed > 0 || passed === 0 ? 1 : 0 }
}
