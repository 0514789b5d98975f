// Whether a run takes its time: CI has 40 minutes for everything, so there the longest suites run a part of their combinations.

/** False in CI. A run by hand, such as `npm test -- test/streams`, runs every combination. */
export const isThorough: boolean = !process.env.CI
