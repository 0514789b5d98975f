import { describe, expect, test } from 'vitest'
import { summarize, type TestOutcome } from '../../scripts/test-summary.ts'

const passed: TestOutcome = { name: 'a.test.ts > works', state: 'passed' }
const failed: TestOutcome = { name: 'a.test.ts > breaks', state: 'failed' }

describe('the summary of a test run', () => {
  test('the test summary is one line when no test was skipped', () => {
    expect(summarize([passed, passed])).toEqual({ lines: ['2 passed, 0 failed'], exitCode: 0 })
  })
  test('the test summary lists skipped tests with their reasons before the counts', () => {
    const skipped: TestOutcome = { name: 'b.test.ts > needs Go', state: 'skipped', reason: 'no go on the PATH' }
    expect(summarize([passed, skipped])).toEqual({
      lines: ['skipped: b.test.ts > needs Go (no go on the PATH)', '1 passed, 0 failed, 1 skipped'],
      exitCode: 0,
    })
  })
  test('the test summary fails a run with a failed test', () => {
    expect(summarize([passed, failed])).toEqual({ lines: ['1 passed, 1 failed'], exitCode: 1 })
  })
  test('the test summary counts an unfinished test as failed', () => {
    expect(summarize([{ name: 'c', state: 'pending' }])).toEqual({ lines: ['0 passed, 1 failed'], exitCode: 1 })
  })
  test('the test summary fails a run without tests', () => {
    expect(summarize([])).toEqual({ lines: ['0 passed, 0 failed'], exitCode: 1 })
    expect(summarize([{ name: 'd', state: 'skipped' }]).exitCode).toBe(1)
  })
})
