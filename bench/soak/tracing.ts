// What the tasks of a page's main thread took, by the clock and of the processor: a task that waits for a processor, or for V8's helper threads to
// get one, takes long by the clock only.
import { writeFileSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'

/** A figure by the clock and of the thread's own time of a processor, in milliseconds. */
export interface Time {
  readonly wall: number
  readonly cpu: number
}

/** The tasks of a span of time; each figure is taken by itself. */
export interface Tasks {
  readonly count: number
  readonly longest: Time
  readonly p50: Time
  readonly p99: Time
}

/** As Chromium writes it, in microseconds. */
interface TraceEvent {
  readonly name: string
  readonly ph: string
  readonly pid: number
  readonly tid: number
  readonly dur?: number
  readonly tdur?: number
  readonly args: { readonly name?: string }
}

/** Which a trace always has. */
const TASKS = ['toplevel']
/** Those that tell what a long task is made of. */
const DETAILS = ['v8', 'blink_gc', 'devtools.timeline', 'disabled-by-default-v8.gc']

/**
 * Traces a page, one span of time after the other.
 *
 * @param file gets the trace of the span that had the longest task, with all that tells what it is made of.
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

  /** Ends a span of time; undefined when none has begun. */
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

/** The tasks of the main thread that had most of them: a browser has a page or two in reserve. */
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
    // The clock of a thread jumps now and then on a virtual machine, and no task has more of a processor than it takes.
    thread?.cpu.push(Math.min(dur, tdur) / 1000)
  }
  const [{ wall, cpu } = { wall: [], cpu: [] }] = [...threads.values()].sort((a, b) => b.wall.length - a.wall.length)
  for (const times of [wall, cpu]) times.sort((a, b) => a - b)
  const at = (part: number): Time => {
    const index = Math.floor((wall.length - 1) * part)
    return { wall: wall[index] ?? Number.NaN, cpu: cpu[index] ?? Number.NaN }
  }
  return { count: wall.length, longest: at(1), p50: at(0.5), p99: at(0.99) }
}
