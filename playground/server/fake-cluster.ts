// The fake cluster of the playground.
import { defineResource } from '../../src/index'
import { type Clock, systemClock } from '../../src/internal/clock'
import { FakeApiServer } from '../../src/testing'
import type { Cluster, Incident } from './cluster.ts'
import { Controllers } from './controllers.ts'
import { canaries, define, isDefined, undefine } from './custom-kinds.ts'
import { EventLog } from './event-log.ts'
import { Nodes } from './nodes.ts'
import { PodOutput } from './pod-output.ts'
import { pick } from './random.ts'
import { ServedCounts } from './served-counts.ts'
import { Simulation } from './simulation.ts'
import { namespaces, Surroundings } from './surroundings.ts'
import { workloads } from './workloads.ts'

/** Options of a {@link FakeCluster}. */
export interface FakeClusterOptions {
  /** The number of pods; default 300. */
  pods?: number
  /** Default 5. */
  changesPerSecond?: number
  /** Numbers in [0, 1); default `Math.random`. */
  random?: () => number
  /** The clock of all timestamps and changes; default the system clock. */
  clock?: Clock
}

const configMaps = defineResource({ version: 'v1', plural: 'configmaps', kind: 'ConfigMap' })
const TICK_MS = 20
/** The most time that a late tick makes up for, in milliseconds: a busy machine makes fewer changes, and still answers. */
const LAG_MS = 3 * TICK_MS
/** The ticks between two changes of a rollout or after a failure, which continue at any rate. */
const TICKS_PER_URGENT_CHANGE = 2
/** The ticks between two looks at what clients have changed, and two lines of a log. */
const TICKS_PER_LOOK = 50
const AGE_MS = 90 * 24 * 60 * 60_000
/** The size of the watch window, in events of about 7 kB. */
const WINDOW_SIZE = 5000

/**
 * A fake cluster in memory: deployments, daemon sets and jobs whose pods come and go, on nodes that fail. Each instance has its own
 * history; versions start from the clock. The same random numbers and the same calls make the same history.
 */
export class FakeCluster implements Cluster, Disposable {
  readonly name = 'fake'
  readonly server: FakeApiServer
  readonly served = new ServedCounts()
  readonly #clock: Clock
  readonly #random: () => number
  readonly #events: EventLog
  readonly #nodes: Nodes
  readonly #controllers: Controllers
  readonly #simulation: Simulation
  readonly #surroundings: Surroundings
  readonly #output: PodOutput
  #timer: unknown
  #changesPerSecond: number
  #due = 0
  #ticks = 0
  #tickedAt = 0
  /** Whether a rollout or a failed node still requires changes. */
  #isUrgent = false

  constructor({ pods = 300, changesPerSecond = 5, random = Math.random, clock = systemClock }: FakeClusterOptions = {}) {
    let age = 0
    const now = () => clock.now() - age
    this.#clock = clock
    this.#random = random
    this.server = new FakeApiServer({
      clock: { ...clockOf(clock), now },
      resourceVersion: Math.floor(clock.now()),
      windowSize: WINDOW_SIZE,
    })
    this.#events = new EventLog(this.server, { now })
    this.#nodes = new Nodes(this.server, { events: this.#events, random })
    this.#controllers = new Controllers(this.server, { events: this.#events, now })
    this.#simulation = new Simulation(this.server, {
      size: pods,
      controllers: this.#controllers,
      nodes: this.#nodes,
      events: this.#events,
      random,
    })
    this.#output = new PodOutput(this.server, { random })
    this.#surroundings = new Surroundings(this.server, { random })
    const setAge = (ms: number) => {
      age = ms
    }
    setAge(AGE_MS)
    this.#surroundings.populate()
    this.#nodes.populate()
    this.#simulation.populate(setAge)
    this.#events.discard()
    this.#follow()
    this.#changesPerSecond = changesPerSecond
    this.#tickedAt = clock.now()
    this.#wait()
  }

  readonly fetch = (request: Request): Promise<Response> => this.answer(request)

  /** Answers a request; the method behind `fetch`. */
  protected answer(request: Request): Promise<Response> {
    this.served.count(request)
    this.#output.prepare(request.url)
    return this.server.fetch(request)
  }

  get changesPerSecond(): number {
    return this.#changesPerSecond
  }
  set changesPerSecond(rate: number) {
    this.#changesPerSecond = rate
    this.#due = 0
  }

  cut(): void {
    this.server.disconnect()
  }

  expire(): void {
    this.server.disconnect()
    // A client with the newest version could resume even after a complete compaction, so make a newer version first.
    const marker = { metadata: { name: 'compaction' } }
    this.server.create(configMaps, marker)
    this.server.delete(configMaps, marker.metadata)
    this.server.compact()
  }

  rollOut(): Incident | undefined {
    const workload = pick(
      workloads.filter(({ kind }) => kind === 'service'),
      this.#random,
    )
    if (!workload) return undefined
    const pods = this.#simulation.membersOf(workload).length
    this.#controllers.rollOut(workload)
    this.#isUrgent = true
    this.#follow()
    return { type: 'rollout', name: `${workload.namespace}/${workload.name}`, pods }
  }

  toggleNode(): Incident | undefined {
    const { down } = this.#nodes
    if (down !== undefined) this.#nodes.recover()
    const name = down ?? this.#nodes.fail()
    if (name === undefined) return undefined
    const pods = down === undefined ? this.#simulation.lose(name) : 0
    this.#isUrgent = true
    this.#follow()
    return { type: down === undefined ? 'node-failure' : 'node-recovery', name, pods }
  }

  get failedNode(): string | undefined {
    return this.#nodes.down
  }

  get isBusy(): boolean {
    return this.#isUrgent
  }

  get hasExtraKind(): boolean {
    return isDefined(this.server, canaries)
  }
  set hasExtraKind(present: boolean) {
    if (present) define(this.server, canaries, { namespaces })
    else undefine(this.server, canaries)
  }

  /** Makes this many changes of pods at once. */
  change(times: number): void {
    for (let time = 0; time < times; time++) this.#simulation.step()
  }

  /** Stops the changes and closes every connection. */
  [Symbol.dispose](): void {
    this.#clock.clearTimeout(this.#timer)
    this.server.disconnect()
  }

  #wait(): void {
    this.#timer = this.#clock.setTimeout(() => {
      this.#wait()
      this.#tick()
    }, TICK_MS)
  }

  #tick(): void {
    const now = this.#clock.now()
    this.#due += (this.#changesPerSecond * Math.min(Math.max(now - this.#tickedAt, 0), LAG_MS)) / 1000
    this.#tickedAt = now
    const changes = Math.floor(this.#due)
    this.#due %= 1
    this.#ticks++
    if (this.#ticks % TICKS_PER_LOOK === 0) {
      this.#output.step()
      this.#isUrgent ||= this.#simulation.retarget()
    }
    const isUrgent = this.#isUrgent && this.#ticks % TICKS_PER_URGENT_CHANGE === 0
    if (isUrgent) this.#isUrgent = this.#simulation.urge()
    if (changes === 0 && !isUrgent) return
    this.change(changes)
    this.#surroundings.step(changes)
    this.#follow()
  }

  #follow(): void {
    for (const workload of this.#simulation.takeTouched()) this.#controllers.follow(workload, this.#simulation.membersOf(workload))
    this.#events.flush()
  }
}

/** Returns the timers of a clock, which may be an instance of a class. */
function clockOf(clock: Clock): Pick<Clock, 'setTimeout' | 'clearTimeout'> {
  return { setTimeout: (callback, ms) => clock.setTimeout(callback, ms), clearTimeout: (handle) => clock.clearTimeout(handle) }
}
