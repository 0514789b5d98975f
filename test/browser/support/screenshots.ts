// Takes the screenshots of the playground: for the eye in a cache, for the README and the site in the repository.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'

/** Whether the screenshots that README and site show are written into the repository. */
const isCommitted = process.env.KUBEFLECT_SCREENSHOTS === 'commit'

const root = join(import.meta.dirname, '../../..')
const cache = join(root, 'node_modules/.cache/kubeflect/screenshots')

/** Takes a screenshot. One with `isShown` goes into the repository when `KUBEFLECT_SCREENSHOTS=commit` says so. */
export async function shoot(page: Page, name: string, { isShown = false } = {}): Promise<void> {
  const folder = isCommitted && isShown ? join(root, 'playground/screenshots') : cache
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`) })
}
