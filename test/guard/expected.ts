import { expect } from 'vitest'
import expected from './expected.json' with { type: 'json' }

/** What is counted here. The values are committed: one that became smaller is to be written down, so that it cannot grow back unseen. */
export type Count = keyof typeof expected

/** Fails when a count is larger than what was committed. */
export function guard(count: Count, measured: number): void {
  expect(measured, `${count}: test/guard/expected.json has what was reached before`).toBeLessThanOrEqual(expected[count])
}
