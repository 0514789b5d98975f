import { expect, test } from 'vitest'
import { testsIn } from './go-test.ts'

test('reads the outcome of each Go test, and counts a test that never ended as failed', () => {
  const events = [
    { Action: 'start', Package: 'p' },
    { Action: 'run', Test: 'TestA' },
    { Action: 'output', Test: 'TestA', Output: '=== RUN\n' },
    { Action: 'run', Test: 'TestA/sub' },
    { Action: 'skip', Test: 'TestA/sub' },
    { Action: 'output', Test: 'TestA', Output: 'ok\n' },
    { Action: 'pass', Test: 'TestA' },
    { Action: 'run', Test: 'TestB' },
    { Action: 'fail', Package: 'p' },
  ]
  const output = ['go: downloading something', ...events.map((event) => JSON.stringify(event)), ''].join('\n')
  expect([...testsIn(output)]).toEqual([
    ['TestA', { outcome: 'pass', output: '=== RUN\nok\n' }],
    ['TestA/sub', { outcome: 'skip', output: '' }],
    ['TestB', { outcome: 'fail', output: '' }],
  ])
})
