// Simulates the life of pods in the fake cluster.
import type { Resource } from '../../src/index'
import type { FakeApiServer, FixturePod } from '../../src/testing'
import { pick } from './random.ts'
import { inState, newPod, pickWorkload, restartsOf, type State, type Workload } from './workloads.ts'

const pods: Resource<FixturePod> = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', scope: 'Namespaced' }
/** The nodes that pods are scheduled to. */
export const nodeNames: readonly string[] = ['a', 'b', 'c'].flatMap((zone) => [1, 2, 3, 4].map((number) => `worker-${zone}${number}`))
/** The approximate share of pods that are changing their state. */
const MOVING_SHARE = 0.04
const MINUTE_MS = 60_000
const MONTH_MS = 30 * 24 * 60 * MINUTE_MS

/** A pod of the simulation. */
interface Member {
  readonly name: string
  readonly namespace: string
  readonly workload: Workload
  state: State | 'leaving'
}

/** The state after each transient one. */
const next: Partial<Record<Member['state'], (random: number) => State | 'gone'>> = {
  pending: () => 'creating',
  creating: (random) => (random < 0.06 ? 'pulling' : 'running'),
  pulling: () => 'running',
  crashing: (random) => (random < 0.8 ? 'crashing' : 'running'),
  leaving: () => 'gone',
}

/**
 * Simulates the life of pods: they are scheduled, start, crash, recover, finish and make room for others. Their number stays about the
 * same.
 */
export class Simulation {
  readonly #server: FakeApiServer
  readonly #random: () => number
  readonly #size: number
  readonly #members: Member[] = []
  #made = 0

  /** @param random numbers in [0, 1). */
  constructor(server: FakeApiServer, { size, random }: { size: number; random: () => number }) {
    this.#server = server
    this.#random = random
    this.#size = size
  }

  /** Creates the first pods, the oldest first. Calls `setAge` with the age of the next one, in milliseconds. */
  populate(setAge: (ms: number) => void): void {
    const random = this.#random
    const ages = Array.from({ length: this.#size }, () => MINUTE_MS * (MONTH_MS / MINUTE_MS) ** random())
    for (const age of ages.sort((a, b) => b - a)) {
      setAge(age)
      const member = this.#create()
      const luck = random()
      const state =
        member.workload.kind === 'job'
          ? luck < 0.75
            ? 'finished'
            : luck < 0.85
              ? 'failed'
              : 'running'
          : luck < 0.015
            ? 'crashing'
            : luck < 0.025
              ? 'pulling'
              : 'running'
      const restarts = state === 'crashing' ? 4 + random() * 40 : random() < 0.2 ? random() ** 3 * 12 : 0
      this.#put(member, state, { restarts: Math.floor(restarts) })
    }
    setAge(0)
  }

  /** Makes one change; a no-op when another client has removed the pod. */
  step(): void {
    const random = this.#random
    const moving = this.#members.filter(({ state }) => state in next)
    const settled = this.#members.filter(({ state }) => !(state in next))
    const mover = pick(moving, random)
    const member = pick(settled, random)
    if (mover && random() < Math.min(0.75, moving.length / (this.#size * MOVING_SHARE))) this.#advance(mover)
    else if (this.#members.length < this.#size) this.#create()
    else if (member) this.#disturb(member)
  }

  /** Returns how many pods of a workload exist, and how many are ready. */
  tallyOf(workload: Workload): { pods: number; ready: number } {
    const states = this.#members.filter((member) => member.workload === workload).map(({ state }) => state)
    return { pods: states.length, ready: states.filter((state) => state === 'running').length }
  }

  #disturb(member: Member): void {
    const luck = this.#random()
    if (member.state !== 'running' || luck < 0.3) this.#leave(member)
    else if (member.workload.kind === 'job') this.#put(member, luck < 0.9 ? 'finished' : 'failed')
    else if (luck < 0.38) this.#put(member, 'crashing')
    else this.#put(member, 'running', { moreRestarts: 1 })
  }

  #advance(member: Member): void {
    const state = next[member.state]?.(this.#random())
    if (state === 'gone') this.#remove(member)
    else if (state) this.#put(member, state, { moreRestarts: member.state === 'crashing' ? 1 : 0 })
  }

  #create(): Member {
    const workload = pickWorkload(this.#random)
    const pod = newPod(workload, this.#made++, this.#random)
    const { metadata } = this.#server.create(pods, inState(pod, 'pending', { nodeName: '' }))
    const member: Member = { name: metadata.name ?? '', namespace: workload.namespace, workload, state: 'pending' }
    this.#members.push(member)
    return member
  }

  #put(member: Member, state: State, { restarts, moreRestarts = 0 }: { restarts?: number; moreRestarts?: number } = {}): void {
    const pod = this.#find(member)
    if (!pod) return
    const nodeName = pod.spec.nodeName || pick(nodeNames, this.#random) || ''
    this.#server.update(pods, inState(pod, state, { nodeName, restarts: restarts ?? restartsOf(pod) + moreRestarts }))
    member.state = state
  }

  #leave(member: Member): void {
    if (!this.#find(member)) return
    this.#server.delete(pods, member)
    member.state = 'leaving'
  }

  #remove(member: Member): void {
    const pod = this.#find(member)
    if (!pod) return
    this.#server.update(pods, { ...pod, metadata: { ...pod.metadata, finalizers: [] } })
    this.#drop(member)
  }

  /** Returns the current pod; undefined when another client has removed it. */
  #find(member: Member): FixturePod | undefined {
    const pod = this.#server.get(pods, member)
    if (!pod) this.#drop(member)
    return pod
  }

  #drop(member: Member): void {
    this.#members.splice(this.#members.indexOf(member), 1)
  }
}
