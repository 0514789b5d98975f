import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inject } from 'vitest'
import { launch } from '../persistence/support/chromium.ts'
import { describeRuntime } from './describe-runtime.ts'
import type { CaseResult } from './run-cases.ts'

describeRuntime({
  name: 'Chromium',
  storages: ['memory', 'IndexedDB'],
  async run({ origin }) {
    const browser = await launch()
    try {
      const page = await browser.newPage()
      await page.goto(origin)
      const script = readFileSync(join(inject('runtimeProject'), 'chromium.js'))
      return (await page.evaluate(
        `import('data:text/javascript;base64,${script.toString('base64')}').then(({ run }) => run())`,
      )) as CaseResult[]
    } finally {
      await browser.close()
    }
  },
})
