// Runs the subjects of a measurement in their runtimes.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright-core'
import { createProfile, launchChromium } from '../../test/support/chromium.ts'
import type { Metrics, Task } from '../subjects/task.ts'
import { benchRoot, bundle, type Checkout, type Compiled, compileGo, compileRust } from './build.ts'
import { firstLine } from './load.ts'

/** The runtime of a measurement. */
export type Runtime = 'Node' | 'Deno' | 'Bun' | 'Chromium' | 'Go' | 'Rust'

/** Measures one task in a fresh process or page. */
export type Measure = (task: Task) => Promise<Metrics>

const LIMIT_MS = 300_000
const bin = join(benchRoot, '../node_modules/.bin')

/** The commands that start a script with an exposed garbage collector. */
const commands = {
  Node: [process.execPath, '--expose-gc', '--max-old-space-size=8192'],
  Deno: [join(bin, 'deno'), 'run', '--no-config', '--allow-all', '--v8-flags=--expose-gc,--max-old-space-size=8192'],
  Bun: [join(bin, 'bun')],
} as const

/** Returns the measurement of kubeflect and the floors in one runtime. */
export async function inRuntime(runtime: Exclude<Runtime, 'Go' | 'Rust'>, checkout?: Checkout): Promise<Measure> {
  if (runtime === 'Chromium') return inChromium(await bundle('subjects/page.ts', { platform: 'browser', ...(checkout && { checkout }) }))
  const script = await bundle('subjects/process.ts', { platform: 'node', ...(checkout && { checkout }) })
  return (task) => inProcess([...commands[runtime], script, JSON.stringify(task)])
}

/** Returns the measurement of a peer for Node. */
export async function nodePeer(entry: string): Promise<Measure> {
  const script = await bundle(entry, { platform: 'node' })
  return (task) => inProcess([...commands.Node, script, JSON.stringify(task)])
}

/** A peer in another language, or the reason why it is left out. */
export type ForeignPeer = Measure | { readonly skipped: string }

/** client-go's informer. */
export const clientGo = (): ForeignPeer => informerProgram(compileGo())

/** kube-rs's reflector. */
export const kubeRs = (): ForeignPeer => informerProgram(compileRust())

/** client-go's work queue. */
export function clientGoQueue(keys: number): ForeignPeer {
  const compiled = compileGo()
  return 'skipped' in compiled ? compiled : () => inProcess([compiled.program, 'queue', String(keys)])
}

function informerProgram(compiled: Compiled): ForeignPeer {
  return 'skipped' in compiled ? compiled : ({ url, events }) => inProcess([compiled.program, url, String(events)])
}

async function inProcess([command = '', ...args]: readonly string[]): Promise<Metrics> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, NO_COLOR: '1' } })
  const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS)
  try {
    const metrics = JSON.parse(await firstLine(child, command)) as Metrics
    return { ...metrics, ...residentMemory(child.pid) }
  } finally {
    clearTimeout(limit)
    const ended = new Promise((resolve) =>
      child.exitCode === null && child.signalCode === null ? child.once('exit', resolve) : resolve(0),
    )
    child.stdin.end()
    await ended
  }
}

/**
 * Measures each task in its own browser, because pages of one browser share memory. The preparation of a task runs in an earlier page of
 * the same browser.
 */
function inChromium(script: string): Measure {
  return async ({ before, ...task }) => {
    await using profile = await createProfile()
    const context = await launchChromium(profile)
    if (before) {
      const earlier = await openPage(context, script, task.url)
      await earlier.evaluate(`measure(${JSON.stringify({ ...task, subject: before })})`)
      await earlier.close()
    }
    const page = await openPage(context, script, task.url)
    const metrics = await page.evaluate<Metrics>(`measure(${JSON.stringify(task)})`)
    const peak = await largestRenderer(context)
    await context.close()
    return { ...metrics, ...peak }
  }
}

/** Opens a page that can measure its own cost. */
export async function openPage(context: BrowserContext, script: string, url: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(url)
  const session = await context.newCDPSession(page)
  await page.exposeFunction('measureHeap', async () => {
    await session.send('HeapProfiler.collectGarbage')
    const usage: { usedSize: number; backingStorageSize?: number } = await session.send('Runtime.getHeapUsage')
    return usage.usedSize + (usage.backingStorageSize ?? 0)
  })
  // CPU time, because other processes compete for the processor.
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  await page.exposeFunction('measureTasks', async () => {
    const { metrics } = await session.send('Performance.getMetrics')
    return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN) * 1000
  })
  await page.addScriptTag({ path: script })
  return page
}

/** Returns the resident memory of a process on Linux, its maximum and now, and nothing elsewhere. */
function residentMemory(pid: number | undefined): { peakMB?: number; residentMB?: number } {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const [, peak] = /^VmHWM:\s+(\d+)/m.exec(status) ?? []
    const [, resident] = /^VmRSS:\s+(\d+)/m.exec(status) ?? []
    return { ...(peak && { peakMB: Number(peak) / 1024 }), ...(resident && { residentMB: Number(resident) / 1024 }) }
  } catch {
    return {}
  }
}

/** Returns the memory of the largest renderer, because a browser keeps spare ones. */
async function largestRenderer(context: BrowserContext): Promise<ReturnType<typeof residentMemory>> {
  const session = await context.browser()?.newBrowserCDPSession()
  const { processInfo = [] } = (await session?.send('SystemInfo.getProcessInfo')) ?? {}
  const renderers = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => residentMemory(id))
  return renderers.sort((a, b) => (b.peakMB ?? 0) - (a.peakMB ?? 0))[0] ?? {}
}
