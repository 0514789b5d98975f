import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { LeakReport } from './report.ts'
import { scenarios } from './scenarios.ts'

/** What the engine takes for code as it goes. Informers that stayed would take some 30 kB each. */
const MAX_HEAP_GROWTH = 1_000_000
/** Node's own connections and parsers come and go: 0.6 to 1.1 MB were seen. What an informer would leave behind is counted by itself. */
const MAX_HEAP_GROWTH_OVER_HTTP = 3_000_000

const loader = new URL('../examples/source-loader.mjs', import.meta.url).href
const child = fileURLToPath(new URL('./child.ts', import.meta.url))

test.for(Object.entries(scenarios))('informers leave nothing behind: %s', { timeout: 120_000 }, async ([name]) => {
  const report = await leaksOf(name)
  expect(report).toMatchObject({ alive: 0, left: { timers: 0, signalListeners: 0, pageListeners: 0, openRequests: 0 } })
  expect(report.resources).toEqual(report.resourcesBefore)
  expect(report.heapGrowth).toBeLessThan(name.endsWith('over HTTP') ? MAX_HEAP_GROWTH_OVER_HTTP : MAX_HEAP_GROWTH)
})

/** Lets informers live in a process of their own, which ends by itself when they have left nothing, and writes nothing but the report. */
async function leaksOf(name: string): Promise<LeakReport> {
  const running = spawn(process.execPath, ['--expose-gc', '--import', loader, child, name], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  running.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  running.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const [code] = await once(running, 'close')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout) as LeakReport
}
