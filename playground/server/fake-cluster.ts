import { defineResource } from '../../src/index'
import { systemClock } from '../../src/internal/clock'
import { FakeApiServer } from '../../src/testing'
import type { Cluster } from './cluster.ts'
import { canaries, define, isDefined, undefine } from './custom-kinds.ts'
import { Simulation } from './simulation.ts'
import { namespaces, Surroundings } from './surroundings.ts'

/** How a {@link FakeCluster} is made. */
export interface FakeClusterOptions {
  /** How many pods there are; default 300. */
  pods?: number
  /** Default 5. */
  changesPerSecond?: number
  /** Numbers in [0, 1); default `Math.random`. */
  random?: () => number
}

const configMaps = defineResource({ version: 'v1', plural: 'configmaps', kind: 'ConfigMap' })
const TICK_MS = 20
const AGE_MS = 90 * 24 * 60 * 60_000
/** In events; each takes about 7 kB. */
const WINDOW_SIZE = 5000

/** A make-believe cluster in memory, of pods that come and go, and of what belongs to them. Each one has a history of its own: versions go on from the clock. */
export class FakeCluster implements Cluster, Disposable {
  readonly name = 'fake'
  readonly server: FakeApiServer
  readonly #simulation: Simulation
  readonly #surroundings: Surroundings
  readonly #timer: ReturnType<typeof setInterval>
  #changesPerSecond: number
  #due = 0

  constructor({ pods = 300, changesPerSecond = 5, random = Math.random }: FakeClusterOptions = {}) {
    let age = 0
    const clock = { ...systemClock, now: () => Date.now() - age }
    this.server = new FakeApiServer({ clock, resourceVersion: Date.now(), windowSize: WINDOW_SIZE })
    this.#simulation = new Simulation(this.server, { size: pods, random })
    this.#surroundings = new Surroundings(this.server, { random })
    const setAge = (ms: number) => {
      age = ms
    }
    setAge(AGE_MS)
    this.#surroundings.populate()
    this.#simulation.populate(setAge)
    this.#follow()
    this.#changesPerSecond = changesPerSecond
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
  }

  readonly fetch = (request: Request): Promise<Response> => this.server.fetch(request)

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
    // Whoever knows the newest version could go on from it even if everything before were forgotten: there must be a newer one.
    const marker = { metadata: { name: 'compaction' } }
    this.server.create(configMaps, marker)
    this.server.delete(configMaps, marker.metadata)
    this.server.compact()
  }

  get hasExtraKind(): boolean {
    return isDefined(this.server, canaries)
  }
  set hasExtraKind(present: boolean) {
    if (present) define(this.server, canaries, { namespaces })
    else undefine(this.server, canaries)
  }

  /** Makes so many changes of pods at once. */
  change(times: number): void {
    for (let time = 0; time < times; time++) this.#simulation.step()
  }

  /** Ends the changes, and every connection. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.server.disconnect()
  }

  #tick(): void {
    this.#due += (this.#changesPerSecond * TICK_MS) / 1000
    const changes = Math.floor(this.#due)
    this.#due %= 1
    if (changes === 0) return
    this.change(changes)
    this.#surroundings.step(changes)
    this.#follow()
  }

  #follow(): void {
    this.#surroundings.follow((workload) => this.#simulation.tallyOf(workload))
  }
}
