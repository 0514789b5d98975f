// The fake cluster of the playground.
import { defineResource } from '../../src/index'
import { systemClock } from '../../src/internal/clock'
import { FakeApiServer } from '../../src/testing'
import type { Cluster } from './cluster.ts'
import { canaries, define, isDefined, undefine } from './custom-kinds.ts'
import { Simulation } from './simulation.ts'
import { namespaces, Surroundings } from './surroundings.ts'

/** Options of a {@link FakeCluster}. */
export interface FakeClusterOptions {
  /** The number of pods; default 300. */
  pods?: number
  /** Default 5. */
  changesPerSecond?: number
  /** Numbers in [0, 1); default `Math.random`. */
  random?: () => number
}

const configMaps = defineResource({ version: 'v1', plural: 'configmaps', kind: 'ConfigMap' })
const TICK_MS = 20
const AGE_MS = 90 * 24 * 60 * 60_000
/** The size of the watch window, in events of about 7 kB. */
const WINDOW_SIZE = 5000

/**
 * A fake cluster in memory, with pods that come and go and the objects around them. Each instance has its own history; versions start from
 * the clock.
 */
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
    // A client with the newest version could resume even after a complete compaction, so make a newer version first.
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

  /** Makes this many changes of pods at once. */
  change(times: number): void {
    for (let time = 0; time < times; time++) this.#simulation.step()
  }

  /** Stops the changes and closes every connection. */
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
