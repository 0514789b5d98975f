// Tests the playground's terminal in front of the fake cluster.

import { expect, test } from 'vitest'
import { startFake } from '../browser/support/playground.ts'
import { stateIs, type } from './terminal-page.ts'

test('the terminal of the fake cluster is a toy shell', async () => {
  await using visit = await startFake()
  const { page, url, errors } = visit
  await page.goto(url)
  await page.locator('tr[data-key]').first().click()
  await page.getByRole('button', { name: 'Terminal' }).click()
  await stateIs(page, 'Connected')
  await type(page, 'echo hello there', 'hello there')
  await type(page, 'exit 3', '')
  await stateIs(page, 'Ended with exit code 3')
  expect(errors).toEqual([])
})
