// The steps of the guided first minute: what each does, and how it sees that it happened.
import { formatCount } from '../format.ts'
import { byId } from '../page.ts'
import type { ViewName } from '../views/names.ts'
import { until } from './until.ts'

/** What the steps need of the page. */
export interface GuidePage {
  readonly main: HTMLElement
  /** The time from the start of the page's script until the first rows were drawn, in milliseconds; undefined before. */
  readonly firstRowsMs: number | undefined
  /** The current changes per second. */
  readonly rate: number | undefined
  setRate(perSecond: number): Promise<void>
  switchTo(view: ViewName): void
  /** Scrolls the picture to the mark whose label begins with a text. */
  point(label: string): void
}

/** A step of the guide. */
export interface Step {
  readonly title: string
  readonly text: string
  /** The text of the button. */
  readonly action: string
  /**
   * Does what the step is about, and waits until it has happened.
   *
   * @returns what happened, as a sentence; undefined when the page loads again, after which {@link after} tells.
   * @throws when it does not happen in time.
   */
  run(page: GuidePage, signal: AbortSignal): Promise<string | undefined>
  /** Tells what happened, after the page was loaded again. */
  after?(page: GuidePage, signal: AbortSignal): Promise<string>
}

/** The rate of the second step, and of the others, in changes per second. */
const FAST = 2000
const SLOW = 20
/** The time that the second step measures, in milliseconds: as long as the rate of the strip looks back. */
const MEASURE_MS = 5000
/** The changes that the line shows before the fourth step goes back. */
const PAST = 20

export const STEPS: readonly Step[] = [
  {
    title: 'Rows before the server answers',
    text: 'This browser keeps what it has read. Reload the page: the rows are there at once, and the watch goes on from their version.',
    action: 'Reload the page',
    async run({ main }, signal) {
      // What is not stored yet would be read from the server again.
      await until(() => main.dataset.state === 'live' && byId('storage', HTMLElement).textContent !== 'loading', signal)
      location.reload()
      return undefined
    },
    async after(page, signal) {
      const ms = await until(() => page.firstRowsMs, signal)
      await until(() => page.main.dataset.state === 'live', signal)
      const { rows, lists } = page.main.dataset
      return `${formatCount(Number(rows))} rows, ${formatCount(Math.round(ms))} ms after the script began. ${listsIn(Number(lists))} was needed.`
    },
  },
  {
    title: '2,000 changes a second',
    text: 'A table redraws once in a frame, whatever happens in it, and moves only the rows that changed.',
    action: 'Make 2,000 changes/s',
    async run(page, signal) {
      page.switchTo('table')
      await page.setRate(FAST)
      // The version counts the changes of every kind.
      const version = () => Number(page.main.dataset.resourceVersion)
      const before = version()
      const frames = await countFrames(MEASURE_MS, signal)
      const changes = ((version() - before) * 1000) / MEASURE_MS
      const events = Number.parseFloat(byId('events', HTMLElement).textContent ?? '')
      const [all, here] = [changes, events].map((rate) => formatCount(Math.round(rate)))
      return `The cluster made ${all} changes/s, ${here} of them in this table, at ${Math.round(frames)} frames/s.`
    },
  },
  {
    title: 'Cut the wire',
    text: 'Every connection to the API server breaks, while the changes go on. The watch resumes from the last version: nothing is listed, nothing is lost.',
    action: 'Cut the connection',
    async run(page, signal) {
      page.switchTo('table')
      const { main } = page
      await until(() => main.dataset.state === 'live', signal)
      const lists = Number(main.dataset.lists)
      const at = performance.now()
      byId('cut', HTMLButtonElement).click()
      await until(() => main.dataset.state !== 'live', signal)
      await until(() => main.dataset.state === 'live', signal)
      const ms = Math.round(performance.now() - at)
      await page.setRate(SLOW)
      return `Live again after ${formatCount(ms)} ms. ${listsIn(Number(main.dataset.lists) - lists)} was needed.`
    },
  },
  {
    title: 'Go back in time',
    text: 'The line below keeps the last changes. Drag its handle: every view shows that moment, while the cluster goes on.',
    action: 'Go back',
    async run(page, signal) {
      page.switchTo('table')
      if ((page.rate ?? 0) < 1) await page.setRate(SLOW)
      const label = byId('time-label', HTMLElement)
      const changes = () => Number(/^[\d,]+/.exec(label.textContent ?? '')?.[0].replaceAll(',', ''))
      await until(() => page.main.dataset.time === 'past' || changes() >= PAST, signal)
      // Home goes to the oldest moment.
      byId('time-handle', HTMLElement).dispatchEvent(new KeyboardEvent('keydown', { key: 'Home' }))
      await until(() => page.main.dataset.time === 'past', signal)
      return `The table is the one of ${label.textContent}. “Back to live” returns.`
    },
  },
  {
    title: 'A rollout on the map',
    text: 'A deployment gets a new image. On the map, its pods move from one replica set to the next.',
    action: 'Roll out',
    async run(page, signal) {
      page.switchTo('map')
      await until(() => Number(page.main.dataset.marks) > 0 && replicaSets().size > 0, signal)
      const before = replicaSets()
      byId('rollout', HTMLButtonElement).click()
      const name = await until(() => [...replicaSets()].find(([owner, sets]) => sets > (before.get(owner) ?? 0))?.[0], signal)
      page.point(`Deployment ${name}: `)
      return `${name} has a new replica set: its pods start as those of the old one stop.`
    },
  },
  {
    title: 'A second tab',
    text: 'All tabs of a browser share one list and one watch. End what they share, and they go on with another.',
    action: 'Show two tabs',
    async run(page, signal) {
      page.switchTo('tabs')
      await until(() => document.querySelector('.tabs-summary')?.textContent?.startsWith('Two tabs'), signal)
      return 'Both tabs are live. Press “End the shared Worker” and see.'
    },
  },
]

/** Returns the number of replica sets of each deployment, from the table beside the map. */
function replicaSets(): Map<string, number> {
  const sets = new Map<string, number>()
  for (const { cells } of byId('twin', HTMLTableElement).tBodies[0]?.rows ?? []) {
    const [namespace, owner = ''] = Array.from(cells, ({ textContent }) => textContent ?? '')
    const [kind, name] = owner.split(' ')
    const key = `${namespace}/${name}`
    if (kind === 'Deployment') sets.set(key, (sets.get(key) ?? 0) + 1)
  }
  return sets
}

const listsIn = (count: number): string => (count < 1 ? 'No list' : count === 1 ? 'One list' : `${formatCount(count)} lists`)

/** Returns the frames per second during a time. */
async function countFrames(ms: number, signal: AbortSignal): Promise<number> {
  const startedAt = performance.now()
  let frames = 0
  while (performance.now() < startedAt + ms) {
    await new Promise(requestAnimationFrame)
    signal.throwIfAborted()
    frames++
  }
  return (frames * 1000) / (performance.now() - startedAt)
}
