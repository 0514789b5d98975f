// Measures the tasks of a page's main thread, in wall time and CPU time. A task that waits for a processor, or for V8's helper threads, is
// long only in wall time.
import { writeFileSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'

/** Wall time and CPU time of a thread, in milliseconds. */
export interface Time {
  readonly wall: number
  readonly cpu: number
}

/** The tasks of an interval; each figure is determined separately. */
export interface Tasks {
  readonly count: number
  /** The number of tasks above 16 ms of wall time. */
  readonly above16: number
  readonly longest: Time
  readonly p50: Time
  readonly p99: Time
}

/** A trace event of Chromium, in microseconds. */
interface TraceEvent {
  readonly name: string
  readonly ph: string
  readonly pid: number
  readonly tid: number
  readonly dur?: number
  readonly tdur?: number
  readonly args: { readonly name?: string }
}

/** The category that every trace records. */
const TASKS = ['toplevel']
/** The categories that explain long tasks. */
const DETAILS = ['v8', 'blink_gc', 'devtools.timeline', 'disabled-by-default-v8.gc']

/**
 * Traces a page, one interval after the other.
 *
 * @param file receives the detailed trace of the interval with the longest task.
 */
export class Tracing {
  readonly #browser: Browser
  readonly #page: Page
  readonly #file: string | undefined
  #longest = 0
  #isOn = false

  constructor(browser: Browser, page: Page, file: string | undefined) {
    this.#browser = browser
    this.#page = page
    this.#file = file
  }

  async begin(): Promise<void> {
    await this.#browser.startTracing(this.#page, { categories: this.#file ? [...TASKS, ...DETAILS] : TASKS })
    this.#isOn = true
  }

  /** Ends an interval; undefined when none has started. */
  async end(): Promise<Tasks | undefined> {
    if (!this.#isOn) return undefined
    this.#isOn = false
    const trace = await this.#browser.stopTracing()
    const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: readonly TraceEvent[] }
    const tasks = tasksOf(traceEvents)
    if (this.#file && tasks.longest.wall > this.#longest) writeFileSync(this.#file, trace)
    this.#longest = Math.max(this.#longest, tasks.longest.wall)
    return tasks
  }
}

/** Returns the tasks of the main thread with the most tasks, because a browser keeps spare pages. */
function tasksOf(events: readonly TraceEvent[]): Tasks {
  const threads = new Map<string, { wall: number[]; cpu: number[] }>()
  const threadOf = ({ pid, tid }: TraceEvent) => `${pid}/${tid}`
  for (const event of events)
    if (event.name === 'thread_name' && event.args.name === 'CrRendererMain') threads.set(threadOf(event), { wall: [], cpu: [] })
  for (const event of events) {
    if (event.ph !== 'X' || event.name !== 'ThreadControllerImpl::RunTask') continue
    const { dur = 0, tdur = 0 } = event
    const thread = threads.get(threadOf(event))
    thread?.wall.push(dur / 1000)
    // On a virtual machine a thread's clock jumps occasionally. CPU time never exceeds wall time.
    thread?.cpu.push(Math.min(dur, tdur) / 1000)
  }
  const [{ wall, cpu } = { wall: [], cpu: [] }] = [...threads.values()].sort((a, b) => b.wall.length - a.wall.length)
  for (const times of [wall, cpu]) times.sort((a, b) => a - b)
  const at = (part: number): Time => {
    const index = Math.floor((wall.length - 1) * part)
    return { wall: wall[index] ?? Number.NaN, cpu: cpu[index] ?? Number.NaN }
  }
  return { count: wall.length, above16: wall.filter((ms) => ms > 16).length, longest: at(1), p50: at(0.5), p99: at(0.99) }
}
