// Follows many changing pods for a long time, to find lost events, growing memory and long pauses.
//
//   node bench/soak/run.ts [--minutes 10] [--objects 100000] [--rate 2000] [--runtime node|chromium] [--worker | --control]
//                          [--workloads] [--pack] [--tasks] [--trace file]
//
// Prints a line every ten seconds, then all results as JSON. Exits with 1 when events were lost, or when the store differs from the server.
// --workloads makes the pods of 300 workloads; without it, all owners differ. --pack packs the texts. --tasks adds the longest task of the
// page's main thread to each line, in wall time and CPU time, and the number of tasks above 16 ms. --trace does the same, and writes the ten
// seconds with the longest task to a file for Perfetto. --control runs a page that holds and receives as much data without using it.
import { fork, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createProfile, launchChromium } from '../../test/support/chromium.ts'
import { bundle } from '../harness/build.ts'
import { ensureInstalled } from '../harness/install.ts'
import { firstLine } from '../harness/load.ts'
import { describeMachine } from '../harness/results.ts'
import { openPage } from '../harness/subject.ts'
import { markdown } from '../harness/table.ts'
import type { Follower, Outcome, Sample, SoakTask } from './client.ts'
import { type Tasks, Tracing } from './tracing.ts'

const SAMPLE_MS = 10_000
const MB = 1 << 20

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    objects: { type: 'string', default: '100000' },
    rate: { type: 'string', default: '2000' },
    runtime: { type: 'string', default: 'chromium' },
    worker: { type: 'boolean', default: false },
    control: { type: 'boolean', default: false },
    workloads: { type: 'boolean', default: false },
    pack: { type: 'boolean', default: false },
    tasks: { type: 'boolean', default: false },
    trace: { type: 'string' },
  },
})

/** Parses a numeric option. */
function amount(name: 'minutes' | 'objects' | 'rate'): number {
  const value = Number(values[name])
  if (!(value > 0)) throw new TypeError(`--${name} must be a number above 0, got ${values[name]}`)
  return value
}

/** A client in another process or page. */
interface Remote extends AsyncDisposable {
  call<N extends keyof Follower>(name: N): ReturnType<Follower[N]>
  /** Traces the main thread; undefined without --tasks and --trace. */
  readonly tracing: Tracing | undefined
  /** Returns the resident memory of the process, in bytes. */
  resident(): Promise<number>
}

const runtimes: Readonly<Record<string, (task: SoakTask) => Promise<Remote>>> = { node: inNode, chromium: inChromium }

async function inNode(task: SoakTask): Promise<Remote> {
  const script = await bundle('soak/soak-process.ts', { platform: 'node' })
  const child = fork(script, [JSON.stringify(task)], { execArgv: ['--expose-gc', '--max-old-space-size=8192'] })
  const answer = () =>
    new Promise<unknown>((resolve, reject) => {
      const ended = () => reject(new Error('the process ended; see its output above'))
      child.once('exit', ended)
      child.once('message', (message) => {
        child.off('exit', ended)
        resolve(message)
      })
    })
  await answer()
  return {
    call(name) {
      const answered = answer()
      child.send(name)
      return answered as ReturnType<Follower[typeof name]>
    },
    tracing: undefined,
    resident: async () => residentOf(child.pid),
    [Symbol.asyncDispose]: async () => void child.kill(),
  }
}

async function inChromium(task: SoakTask): Promise<Remote> {
  const profile = await createProfile()
  const context = await launchChromium(profile)
  const page = await openPage(context, await bundle('soak/soak-page.ts', { platform: 'browser' }), task.url)
  page.on('console', (message) => message.type() === 'error' && console.error(message.text()))
  await page.evaluate(`follow(${JSON.stringify(task)}).then((follower) => void (globalThis.follower = follower))`)
  const browser = context.browser()
  const session = await browser?.newBrowserCDPSession()
  return {
    call: (name) => page.evaluate(`follower.${name}()`) as ReturnType<Follower[typeof name]>,
    tracing: browser && (values.tasks || values.trace) ? new Tracing(browser, page, values.trace) : undefined,
    async resident() {
      const { processInfo = [] } = (await session?.send('SystemInfo.getProcessInfo')) ?? {}
      return Math.max(...processInfo.map(({ type, id }) => (type === 'renderer' ? residentOf(id) : 0)))
    },
    async [Symbol.asyncDispose]() {
      await context.close()
      await profile[Symbol.asyncDispose]()
    },
  }
}

/** Returns the resident memory on Linux, and NaN elsewhere. */
function residentOf(pid: number | undefined): number {
  try {
    const [, kilobytes] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Number(kilobytes) * 1024
  } catch {
    return Number.NaN
  }
}

const start = runtimes[values.runtime]
if (!start) throw new TypeError(`--runtime must be one of ${Object.keys(runtimes).join(', ')}, got ${values.runtime}`)
for (const option of ['worker', 'control', 'tasks', 'trace'] as const)
  if (values[option] && values.runtime !== 'chromium') throw new TypeError(`--${option} needs --runtime chromium`)
if (values.pack && values.control) throw new TypeError('--pack and --control are mutually exclusive: the control keeps plain texts')
if (values.worker && values.control) throw new TypeError('--worker and --control are mutually exclusive: the control has its own Worker')
const [minutes, objects, rate] = [amount('minutes'), amount('objects'), amount('rate')]
ensureInstalled()

const server = spawn(
  process.execPath,
  [
    '--max-old-space-size=8192',
    await bundle('soak/server.ts', { platform: 'node' }),
    JSON.stringify({ kind: values.workloads ? 'workloads' : 'pods', objects, rate }),
  ],
  { stdio: ['pipe', 'pipe', 'inherit'] },
)
const samples: (Sample & { readonly seconds: number; readonly resident: number; readonly tasks: Tasks | undefined })[] = []
let outcome: Outcome
try {
  const { url } = JSON.parse(await firstLine(server, 'the server')) as { url: string }
  const script = values.control ? 'soak/control-worker.ts' : values.worker ? '../src/worker.ts' : undefined
  const worker = script && readFileSync(await bundle(script, { platform: 'browser' }), 'utf8')
  await using remote = await start({ url, worker, isControl: values.control, pack: values.pack })
  const begun = performance.now()
  while (performance.now() - begun < minutes * 60_000) {
    await remote.tracing?.begin()
    await remote.call('begin')
    await sleep(Math.min(SAMPLE_MS, minutes * 60_000 - (performance.now() - begun)))
    const sample = await remote.call('sample')
    const tasks = await remote.tracing?.end()
    samples.push({ seconds: (performance.now() - begun) / 1000, ...sample, tasks, resident: await remote.resident() })
    console.error(line(samples.at(-1) as (typeof samples)[number]).join('  '))
  }
  outcome = await remote.call('finish')
} finally {
  server.stdin.end()
}

function line({ seconds, events, behind, pauseMs, busy, resident, tasks }: (typeof samples)[number]): string[] {
  const cells = [
    seconds.toFixed(0),
    String(events),
    String(behind),
    pauseMs.toFixed(1),
    (busy * 100).toFixed(0),
    (resident / MB).toFixed(0),
  ]
  return tasks ? [...cells, tasks.longest.wall.toFixed(1), tasks.longest.cpu.toFixed(1), String(tasks.above16)] : cells
}

const { client, server: final, heap, lost } = outcome
const equal =
  client && client.objects === final.objects && client.digest === final.digest && client.resourceVersion === final.resourceVersion
const variant = `${values.control ? ' with the control' : values.worker ? ' with a Worker' : ''}${values.pack ? ', packed' : ''}`
const setup = `${objects.toLocaleString('en')} pods${values.workloads ? ' of 300 workloads' : ''}, ${rate.toLocaleString('en')} changes/s, ${minutes} min, ${values.runtime}${variant}`
const facts = [
  [setup, ''],
  ['events', `${outcome.events} of ${final.events}`],
  ['lost, doubled or out of order', String(lost)],
  ['lists after the first', String(outcome.relists)],
  ['errors', String(outcome.errors)],
  ['store equal to the server', equal === undefined ? 'has none' : equal ? 'yes' : 'NO'],
  ...extremes(
    'pause',
    samples.map(({ pauseMs }) => pauseMs),
  ),
  ...taskFacts(samples.flatMap(({ tasks }) => tasks ?? [])),
  ['longest pause while nothing happened, ms', outcome.idlePauseMs.toFixed(1)],
  [
    'resident memory of the process, first and last ten seconds, and maximum, MB',
    [samples[0]?.resident, samples.at(-1)?.resident, Math.max(...samples.map(({ resident }) => resident))]
      .map((bytes = Number.NaN) => (bytes / MB).toFixed(0))
      .join(', '),
  ],
  ['live heap before and after, MB', heap.map((bytes) => (bytes / MB).toFixed(0)).join(', ')],
]
const heads = ['second', 'events', 'behind', 'longest pause ms', 'thread busy %', 'resident MB']
const taskHeads = ['longest task ms', 'longest task, CPU ms', 'tasks above 16 ms']
console.log(`\n${markdown([samples[0]?.tasks ? [...heads, ...taskHeads] : heads, ...samples.map(line)])}\n\n${markdown(facts)}\n`)
console.log(JSON.stringify({ ...values, machine: describeMachine(), ...outcome, equal, samples }))
if (equal === false || lost > 0 || outcome.events !== final.events) process.exitCode = 1

function taskFacts(tasks: readonly Tasks[]): string[][] {
  if (tasks.length === 0) return []
  const median = (time: (tasks: Tasks) => number) => middleOf(tasks.map(time)).toFixed(2)
  return [
    ...extremes(
      'task',
      tasks.map(({ longest }) => longest.wall),
    ),
    ...extremes(
      'task, CPU',
      tasks.map(({ longest }) => longest.cpu),
    ),
    ['tasks above 16 ms in 15 seconds, mean', ((1.5 * tasks.reduce((sum, { above16 }) => sum + above16, 0)) / tasks.length).toFixed(1)],
    ['half of the tasks, 99 of 100: at most, ms', `${median(({ p50 }) => p50.wall)}, ${median(({ p99 }) => p99.wall)}`],
    ['the same, CPU ms', `${median(({ p50 }) => p50.cpu)}, ${median(({ p99 }) => p99.cpu)}`],
  ]
}

/** @param longest the longest task of each sample */
function extremes(what: string, longest: readonly number[]): string[][] {
  return [
    [`longest ${what}, ms`, Math.max(...longest).toFixed(1)],
    [`longest ${what} of ten seconds, median, ms`, middleOf(longest).toFixed(1)],
  ]
}

function middleOf(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[figures.length >> 1] ?? Number.NaN
}
