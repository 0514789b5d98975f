// Run with `--expose-gc` and the name of a scenario: lets many informers live and end, and writes what they have left behind.
import { setImmediate } from 'node:timers/promises'
import type { LeakReport } from './report.ts'
import { type Scenario, scenarios } from './scenarios.ts'
import { Stage } from './stage.ts'

/** So many live at a time. */
const TOGETHER = 50
/** So many live first: they load and compile what all need. */
const BEFOREHAND = 200
/** So many turns of the event loop things get to be let go of. */
const MAX_TURNS = 2_000
/** All is over when nothing is left for so many turns: over HTTP more, since a busy server learns of a connection after the client has given it up. */
const QUIET_TURNS = 10
const QUIET_TURNS_OVER_HTTP = 30

const { gc } = globalThis
const [name = ''] = process.argv.slice(2)
const scenario = scenarios[name]
if (!gc || !scenario) throw new Error(`start this with --expose-gc and one of: ${Object.keys(scenarios).join('; ')}`)
process.stdout.write(`${JSON.stringify(await report(scenario, gc))}\n`)

async function report(scenario: Scenario, collect: () => void): Promise<LeakReport> {
  const resourcesBefore = resources()
  const stage = await Stage.open(scenario, collect)
  const before = await round({ ...scenario, count: BEFOREHAND }, stage, collect)
  const after = await round(scenario, stage, collect)
  await stage[Symbol.asyncDispose]()
  await until(() => resources().join() === resourcesBefore.join(), collect)
  return { alive: after.alive, left: after.left, heapGrowth: after.heap - before.heap, resourcesBefore, resources: resources() }
}

/** Lets informers live and end; gives what they have left, what cannot be collected, and how large the heap is. */
async function round({ live, count, overHttp }: Scenario, stage: Stage, collect: () => void) {
  const refs: WeakRef<object>[] = []
  for (let lives = 0; lives < count; lives += TOGETHER) refs.push(...(await together(live, stage)))
  const alive = () => refs.filter((ref) => ref.deref() !== undefined).length
  // A server hears of the end of a request later; of all else nothing may be left at once.
  const { left } = stage
  let quietTurns = 0
  const isQuiet = () => {
    quietTurns = alive() === 0 && stage.openRequests === 0 ? quietTurns + 1 : 0
    return quietTurns >= (overHttp ? QUIET_TURNS_OVER_HTTP : QUIET_TURNS)
  }
  await until(isQuiet, collect)
  return { left: { ...left, openRequests: stage.openRequests }, alive: alive(), heap: process.memoryUsage().heapUsed }
}

async function together(live: Scenario['live'], stage: Stage): Promise<WeakRef<object>[]> {
  const lives = await Promise.all(Array.from({ length: TOGETHER }, () => live(stage)))
  return lives.flat().map((object) => new WeakRef(object))
}

/** Waits for a condition, turn after turn; gives up at some time. */
async function until(condition: () => boolean, collect: () => void): Promise<void> {
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    await nextTurn(collect)
    if (condition()) return
  }
}

async function nextTurn(collect: () => void): Promise<void> {
  await setImmediate()
  collect()
}

function resources(): string[] {
  return process.getActiveResourcesInfo().sort()
}
