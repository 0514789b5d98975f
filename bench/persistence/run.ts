import { fileURLToPath } from 'node:url'
import chromium from '@sparticuz/chromium'
import { chromium as playwright } from 'playwright-core'
import { build } from 'vite'
import type { Round } from './layouts.ts'
import type { Step } from './persister.ts'

// Measures how 10,000 pods of 3.4 kB are best laid out in IndexedDB, and what idbPersister makes of it, in Chromium. Prints medians, as
// ratios to the row per object.
// Run: node bench/persistence/run.ts [rounds] [objects]

const rounds = Number(process.argv[2] ?? 5)
const objects = Number(process.argv[3] ?? 10_000)

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

const built = await build({
  logLevel: 'silent',
  configFile: false,
  build: {
    write: false,
    minify: false,
    target: 'esnext',
    lib: { entry: fileURLToPath(new URL('page.ts', import.meta.url)), formats: ['iife'], name: 'bench' },
  },
})
const output = (Array.isArray(built) ? built : [built])
  .flatMap((result) => ('output' in result ? result.output : []))
  .find((part) => part.type === 'chunk')
if (output === undefined) throw new Error('vite built nothing')

const browser = await playwright.launch({ executablePath: await chromium.executablePath(), args: ['--no-sandbox', '--disable-gpu'] })
try {
  const page = await browser.newPage()
  await page.route('**/*', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }))
  await page.goto('http://localhost/')
  await page.addScriptTag({ content: output.code })
  for (const nonAscii of [false, true]) {
    const measured: Round[] = []
    for (let number = 0; number < rounds; number++)
      measured.push(...((await page.evaluate(`bench.round(${objects}, ${nonAscii}, ${number})`)) as Round[]))
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
    for (let number = 0; number < rounds; number++) steps.push(...((await page.evaluate(`bench.steps(${objects}, ${nonAscii})`)) as Step[]))
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
