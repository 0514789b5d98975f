// Uses the playground's terminal as a user does.

import type { Page } from 'playwright-core'

/** Opens the terminal of a pod. */
export async function openTerminal(page: Page, key: string): Promise<void> {
  await page.locator(`tr[data-key="${key}"]`).click()
  await page.getByRole('button', { name: 'Terminal' }).click()
}

/** Waits until the terminal shows a state. */
export const stateIs = (page: Page, text: string | RegExp): Promise<void> =>
  page.locator('.terminal-state').filter({ hasText: text }).waitFor()

/**
 * Types a line, and waits for its output.
 *
 * @param enter the key that ends the line: a shell without a pseudo-terminal, as those of the test's kubelet, needs the line feed of Control+J.
 */
export async function type(page: Page, line: string, output: string, enter: 'Enter' | 'Control+J' = 'Enter'): Promise<void> {
  await page.locator('.xterm-helper-textarea').focus()
  await page.keyboard.type(line)
  await page.keyboard.press(enter)
  await page.locator('.xterm-rows').filter({ hasText: output }).waitFor()
}
