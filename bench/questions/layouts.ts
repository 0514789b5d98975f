// The question of how to store objects in IndexedDB.

import { bundle, launch, openPage } from '../../test/persistence/support/chromium.ts'
import type { Question } from '../harness/question.ts'
import { gather, type MeasuredGroup } from '../harness/results.ts'
import type { Measured } from '../persistence/measure.ts'

const ROWS = 'row per object, text'

/** The best layout of objects in IndexedDB. */
export const layouts: Question = {
  name: 'layouts',
  title: 'Layouts: objects in IndexedDB',
  text: 'Pods of 3.4 kB are written and read in Chromium, with one transaction per layout. The rows of idbPersister cover a replace, commits, loads and compaction. idbPersister stores segments: arrays of strings of 1 MiB. The browser copies one-byte strings unchanged and widens only the others, whereas the page itself would have to encode and decode bytes. Smaller segments gain nothing, and larger ones block the page. Each put is awaited before the next, which takes longer but never blocks the page. Many small commits slow down a load, so they are compacted while the page is idle.',
  columns: [
    { title: 'write ÷ rows', metric: 'writeMs', show: 'ratio', reference: ROWS },
    { title: 'longest pause ms', metric: 'writePauseMs', show: 'ms' },
    { title: 'read ÷ rows', metric: 'readMs', show: 'ratio', reference: ROWS },
    { title: 'longest pause ms', metric: 'readPauseMs', show: 'ms' },
  ],
  async measure({ rounds, quick }) {
    const objects = quick ? 2_000 : 10_000
    const script = await bundle(new URL('../persistence/page.ts', import.meta.url))
    const browser = await launch()
    try {
      const page = await openPage(await browser.newContext(), script)
      const groups: MeasuredGroup[] = []
      for (const nonAscii of [false, true]) {
        const measured: Measured[] = []
        for (let round = 0; round < rounds; round++) {
          for (const call of [`round(${objects}, ${nonAscii}, ${round})`, `steps(${objects}, ${nonAscii})`])
            measured.push(...(await page.evaluate<Measured[]>(`page.${call}`)))
        }
        const names = [...new Set(measured.map(({ name }) => name))]
        const rows = names.map((name) => {
          const metrics = gather(measured.filter((each) => each.name === name).map((each) => each.metrics))
          return { name, runtime: 'Chromium', metrics } as const
        })
        rows.sort((a, b) => Number(b.name === ROWS) - Number(a.name === ROWS))
        const what = nonAscii ? 'pods, one in ten with text beyond ASCII' : 'pods'
        groups.push({ title: `${objects.toLocaleString('en')} ${what}`, rows })
      }
      return { groups }
    } finally {
      await browser.close()
    }
  },
}
