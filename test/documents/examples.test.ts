import { expect, it } from 'vitest'
import { run as cutConnection } from '../../docs/examples/cut-connection'
import type { Example } from '../../docs/examples/example'
import { run as firstInformer } from '../../docs/examples/first-informer'
import { run as resume } from '../../docs/examples/resume'
import { run as showWindow } from '../../docs/examples/window'

/** Runs an example of the documentation; returns what it prints. */
async function printed(example: Example): Promise<string[]> {
  const lines: string[] = []
  await example((line) => lines.push(line))
  return lines
}

it('the first example of the documentation lists two pods and sees a third arrive', async () => {
  expect(await printed(firstInformer)).toEqual([
    expect.stringMatching(/^2 pods at version \d+$/),
    expect.stringMatching(/^[\w-]+ arrived, at version \d+$/),
  ])
})

it('the example of a cut connection resumes without reading the state again', async () => {
  const lines = await printed(cutConnection)
  expect(lines).toContain('backoff')
  expect(lines.at(-1)).toBe('2 pods, read again from the start 0 times')
})

it('the example of a reload starts its second visit from storage', async () => {
  expect(await printed(resume)).toEqual(['first visit: 100 pods, from the server', 'second visit: 100 pods, from storage'])
})

it('the example of a window shows three of a thousand pods', async () => {
  const lines = await printed(showWindow)
  expect(lines).toEqual([expect.stringMatching(/ of 1000$/), expect.stringMatching(/ of 1000$/)])
  expect(lines[0]).not.toBe(lines[1])
})
