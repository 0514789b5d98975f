// Compares counts with their committed limits.

import { expect } from 'vitest'
import expected from './expected.json' with { type: 'json' }

/** The guarded counts. The limits are committed: lower a limit when its count shrinks, so that it cannot grow back unnoticed. */
export type Count = keyof typeof expected

/** Fails when a count exceeds its committed limit. */
export function guard(count: Count, measured: number): void {
  expect(measured, `${count}: the limit is in test/guard/expected.json`).toBeLessThanOrEqual(expected[count])
}
