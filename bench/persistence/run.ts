import { bundle, launch, openPage } from '../../test/persistence/support/chromium.ts'
import type { Round } from './layouts.ts'
import type { Step } from './persister.ts'

// Measures how 10,000 pods of 3.4 kB are best laid out in IndexedDB, and what idbPersister makes of it, in Chromium. Prints medians, as
// ratios to the row per object.
// Run: node bench/persistence/run.ts [rounds] [objects]

const rounds = Number(process.argv[2] ?? 5)
const objects = Number(process.argv[3] ?? 10_000)

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

const script = await bundle(new URL('page.ts', import.meta.url))
const browser = await launch()
try {
  const page = await openPage(await browser.newContext(), script)
  for (const nonAscii of [false, true]) {
    const measured: Round[] = []
    for (let number = 0; number < rounds; number++)
      measured.push(...((await page.evaluate(`page.round(${objects}, ${nonAscii}, ${number})`)) as Round[]))
    const layouts = [...new Set(measured.map((round) => round.layout))]
    const of = (layout: string, what: (round: Round) => number) => median(measured.filter((round) => round.layout === layout).map(what))
    const first = layouts.find((layout) => layout.startsWith('row')) ?? ''
    const write = of(first, (round) => round.writeMs)
    const read = of(first, (round) => round.readMs)
    console.log(
      `\n${objects} pods, ${nonAscii ? 'one in ten with non-Latin text' : 'ASCII'}; rows: write ${write.toFixed(0)} ms, read ${read.toFixed(0)} ms`,
    )
    console.log('| layout | write ÷ rows | longest pause ms | read ÷ rows | longest pause ms |\n|---|---|---|---|---|')
    for (const layout of layouts)
      console.log(
        `| ${layout} | ${(of(layout, (r) => r.writeMs) / write).toFixed(2)} | ${of(layout, (r) => r.writePauseMs).toFixed(0)} | ${(of(layout, (r) => r.readMs) / read).toFixed(2)} | ${of(layout, (r) => r.readPauseMs).toFixed(0)} |`,
      )
    const steps: Step[] = []
    for (let number = 0; number < rounds; number++) steps.push(...((await page.evaluate(`page.steps(${objects}, ${nonAscii})`)) as Step[]))
    console.log('\n| idbPersister | ÷ writing, or reading, rows | longest pause ms |\n|---|---|---|')
    for (const step of new Set(steps.map((each) => each.step))) {
      const of = (what: (each: Step) => number) => median(steps.filter((each) => each.step === step).map(what))
      const rows = step.startsWith('load') || step.startsWith('entries') ? read : write
      console.log(`| ${step} | ${(of((each) => each.ms) / rows).toFixed(2)} | ${of((each) => each.pauseMs).toFixed(0)} |`)
    }
  }
} finally {
  await browser.close()
}
