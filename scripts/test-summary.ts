// Summarizes a test run in one line of counts.

/** The outcome of a test; `pending` when it never finished. */
export interface TestOutcome {
  readonly name: string
  readonly state: 'passed' | 'failed' | 'skipped' | 'pending'
  /** The reason for a skip. */
  readonly reason?: string | undefined
}

/**
 * Summarizes a test run: a line for each skipped test, then one line of counts.
 *
 * @returns the lines and the exit code: not zero when a test failed or none ran.
 */
export function summarize(outcomes: readonly TestOutcome[]): { lines: string[]; exitCode: number } {
  const skipped = outcomes.filter(({ state }) => state === 'skipped')
  const passed = outcomes.filter(({ state }) => state === 'passed').length
  const failed = outcomes.length - skipped.length - passed
  const lines = skipped.map(({ name, reason }) => `skipped: ${name}${reason ? ` (${reason})` : ''}`)
  lines.push(`${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`)
  return { lines, exitCode: failed > 0 || passed === 0 ? 1 : 0 }
}
