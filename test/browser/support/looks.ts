// The widths and colour schemes in which the playground is looked at.
import type { Page } from 'playwright-core'

/** A width and a colour scheme that a page has. */
export interface Look {
  readonly width: number
  readonly colorScheme: 'light' | 'dark'
}

/** Each width and each scheme once: those of the screenshots in the README and on the site. */
export const SHOWN_LOOKS: readonly Look[] = [
  { width: 1280, colorScheme: 'light' },
  { width: 420, colorScheme: 'dark' },
]

/** Each width in each scheme. */
export const ALL_LOOKS: readonly Look[] = [...SHOWN_LOOKS, { width: 1280, colorScheme: 'dark' }, { width: 420, colorScheme: 'light' }]

/** Gives a page one look after the other. */
export async function* inLooks(
  page: Page,
  looks: readonly Look[],
  media: Pick<NonNullable<Parameters<Page['emulateMedia']>[0]>, 'reducedMotion'> = {},
): AsyncGenerator<Look, void> {
  for (const look of looks) {
    await page.emulateMedia({ ...media, colorScheme: look.colorScheme })
    await page.setViewportSize({ width: look.width, height: 800 })
    yield look
  }
}
