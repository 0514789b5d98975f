// Compares tabs of Chromium that share a feed with tabs that each have a watch, and a watch over a WebSocket with one over fetch.
//
//   npm run bench:tabs -- [--objects 2000] [--rate 500] [--seconds 8] [--tabs 4] [--rounds 3]
//
// Prints the CPU time of all processes of the browser in percent of one core, and the time until a tab has the complete state. The server
// runs in a process of its own, which is not counted.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { TabsPage } from '../../test/browser/pages/tabs.ts'
import { bundlePage } from '../../test/browser/support/bundle-page.ts'
import { cpuOf, createProfile, launchChromium } from '../../test/support/chromium.ts'
import { bundle } from '../harness/build.ts'
import { firstLine } from '../harness/load.ts'
import { describeMachine } from '../harness/results.ts'
import { markdown } from '../harness/table.ts'

const { values } = parseArgs({
  options: {
    objects: { type: 'string', default: '2000' },
    rate: { type: 'string', default: '500' },
    seconds: { type: 'string', default: '8' },
    tabs: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '3' },
  },
})
const [objects, rate, seconds, tabs, rounds] = [values.objects, values.rate, values.seconds, values.tabs, values.rounds].map(Number) as [
  number,
  number,
  number,
  number,
  number,
]
interface Subject {
  readonly name: string
  readonly query: string
  readonly tabs: number
}

const subjects: readonly Subject[] = [
  { name: 'own watch, 1 tab', query: '?own', tabs: 1 },
  { name: `own watch, ${tabs} tabs`, query: '?own', tabs },
  { name: 'shared, 1 tab', query: '', tabs: 1 },
  { name: `shared, ${tabs} tabs`, query: '', tabs },
  { name: 'own watch over a WebSocket, 1 tab', query: '?own&socket', tabs: 1 },
]

interface Measured {
  readonly cpu: number
  readonly firstSyncedMs: number
  readonly secondSyncedMs: number
}

const folder = mkdtempSync(join(tmpdir(), 'kubeflect-tabs-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
for (const [path, text] of await bundlePage('tabs')) {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}
const script = await bundle('tabs/server-process.ts', { platform: 'node' })

async function measure({ query, tabs: count }: Subject): Promise<Measured> {
  const server = spawn(process.execPath, [script, JSON.stringify({ objects, rate, folder })], { stdio: ['ignore', 'pipe', 'inherit'] })
  const url = await firstLine(server, 'the server of the tabs', 'http')
  const profile = await createProfile()
  const context = await launchChromium(profile)
  try {
    const synced: number[] = []
    for (let n = 0; n < count; n++) {
      const page = await context.newPage()
      await page.goto(`${url}/${query}`)
      let report: ReturnType<TabsPage['report']> | undefined
      while (report?.syncedMs === undefined) {
        await sleep(20)
        report = await page.evaluate<ReturnType<TabsPage['report']>>('page.report()')
      }
      synced.push(report.syncedMs)
    }
    await sleep(1_000)
    await fetch(`${url}/go`)
    await sleep(2_000)
    const before = cpuOf(profile)
    const from = performance.now()
    await sleep(seconds * 1_000)
    const cpu = ((cpuOf(profile) - before) * 100) / (performance.now() - from)
    return { cpu, firstSyncedMs: synced[0] ?? Number.NaN, secondSyncedMs: synced[1] ?? Number.NaN }
  } finally {
    await context.close()
    await profile[Symbol.asyncDispose]()
    server.kill()
  }
}

const measured = new Map(subjects.map(({ name }): [string, Measured[]] => [name, []]))
for (let round = 0; round < rounds; round++) {
  // Each round starts with another subject.
  for (let n = 0; n < subjects.length; n++) {
    const subject = subjects[(round + n) % subjects.length] as Subject
    measured.get(subject.name)?.push(await measure(subject))
  }
}

const median = (name: string, metric: keyof Measured): number => {
  const sorted = (measured.get(name) ?? []).map((each) => each[metric]).sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}
const [ownOne, ownMany, sharedOne, sharedMany, socket] = subjects.map(({ name }) => median(name, 'cpu')) as [
  number,
  number,
  number,
  number,
  number,
]
const show = (value: number, digits = 0) => (Number.isNaN(value) ? '' : value.toFixed(digits))
console.log(`${objects} objects of 5 kB, ${rate} changes a second, medians of ${rounds} rounds, ${describeMachine()}\n`)
console.log(
  markdown([
    ['', 'CPU, % of a core', 'first tab complete ms', 'second tab complete ms'],
    ...subjects.map(({ name }) => [
      name,
      show(median(name, 'cpu'), 1),
      show(median(name, 'firstSyncedMs')),
      show(median(name, 'secondSyncedMs')),
    ]),
  ]),
)
console.log(`
a further tab ÷ its own watch: ${show((sharedMany - sharedOne) / (ownMany - ownOne), 2)}
one tab that shares ÷ its own watch: ${show(sharedOne / ownOne, 2)}
a watch over a WebSocket ÷ one over fetch: ${show(socket / ownOne, 2)}
a second tab's complete state ÷ an own one: ${show(median(subjects[3]?.name ?? '', 'secondSyncedMs') / median(subjects[1]?.name ?? '', 'secondSyncedMs'), 2)}`)
