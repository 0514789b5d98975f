// Simulates the life of pods in the fake cluster.
import type { Resource } from '../../src/index'
import type { FakeApiServer, FixturePod } from '../../src/testing'
import type { Controllers } from './controllers.ts'
import type { EventLog, Note } from './event-log.ts'
import { nextWork, type Work } from './next-work.ts'
import { type Nodes, nodeNames } from './nodes.ts'
import { pick, shuffle } from './random.ts'
import { inState, type Member, newPod, restartsOf, type State, targetsOf, type Workload, workloads } from './workloads.ts'

const pods: Resource<FixturePod> = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', scope: 'Namespaced' }
/** The approximate share of pods that are changing their state. */
const MOVING_SHARE = 0.04
/** The most pods that a client gets for a deployment. */
const MAX_REPLICAS = 500
const MINUTE_MS = 60_000
const MONTH_MS = 30 * 24 * 60 * MINUTE_MS

/** The state after each transient one. */
const next: Partial<Record<Member['state'], (random: number) => State | 'leaving' | 'gone'>> = {
  pending: () => 'creating',
  creating: (random) => (random < 0.06 ? 'pulling' : 'running'),
  pulling: () => 'running',
  crashing: (random) => (random < 0.8 ? 'crashing' : 'running'),
  evicted: () => 'leaving',
  lost: () => 'leaving',
  leaving: () => 'gone',
}

/** The Events of states. */
const notes: Partial<Record<Member['state'], Pick<Note, 'type' | 'reason' | 'message' | 'component'>>> = {
  creating: { type: 'Normal', reason: 'Scheduled', message: 'Successfully assigned the pod to a node', component: 'default-scheduler' },
  running: { type: 'Normal', reason: 'Started', message: 'Started container', component: 'kubelet' },
  pulling: { type: 'Warning', reason: 'Failed', message: 'Error: ImagePullBackOff', component: 'kubelet' },
  crashing: { type: 'Warning', reason: 'BackOff', message: 'Back-off restarting failed container', component: 'kubelet' },
  evicted: { type: 'Warning', reason: 'Evicted', message: 'The node was low on resource: memory', component: 'kubelet' },
  lost: { type: 'Warning', reason: 'NodeNotReady', message: 'Node is not ready', component: 'node-controller' },
  leaving: { type: 'Normal', reason: 'Killing', message: 'Stopping container', component: 'kubelet' },
}

/** What a {@link Simulation} works with. */
export interface SimulationOptions {
  /** The number of pods. */
  readonly size: number
  readonly controllers: Controllers
  readonly nodes: Nodes
  readonly events: EventLog
  /** Numbers in [0, 1). */
  readonly random: () => number
}

/**
 * Simulates the life of pods: they are scheduled, start, crash, recover, finish, are evicted and make room for others. Their owners keep
 * their number about the same.
 */
export class Simulation {
  readonly #server: FakeApiServer
  readonly #options: SimulationOptions
  readonly #targets: Map<Workload, number>
  readonly #members: Member[] = []
  readonly #touched = new Set<Workload>()
  #made = 0

  constructor(server: FakeApiServer, options: SimulationOptions) {
    this.#server = server
    this.#options = options
    this.#targets = targetsOf(options.size, nodeNames.length)
  }

  /** Creates the owners and the first pods, the oldest first. Calls `setAge` with the age of the next one, in milliseconds. */
  populate(setAge: (ms: number) => void): void {
    const { random, controllers } = this.#options
    for (const [workload, target] of this.#targets) controllers.populate(workload, target)
    const all = [...this.#targets].flatMap(([workload, target]) =>
      Array.from({ length: target }, (_, at) => ({ workload, nodeName: workload.kind === 'daemon' ? nodeNames[at] : undefined })),
    )
    const ages = all.map(() => MINUTE_MS * (MONTH_MS / MINUTE_MS) ** random()).sort((a, b) => b - a)
    shuffle(all, random).forEach(({ workload, nodeName }, at) => {
      setAge(ages[at] ?? 0)
      const luck = random()
      const state = workload.kind === 'job' ? jobStateOf(luck) : luck < 0.015 ? 'crashing' : luck < 0.025 ? 'pulling' : 'running'
      const restarts = state === 'crashing' ? 4 + random() * 40 : random() < 0.2 ? random() ** 3 * 12 : 0
      this.#put(this.#create(workload, nodeName), state, { restarts: Math.floor(restarts) })
    })
    setAge(0)
  }

  /** Follows the replicas that clients have set; returns whether any has changed. */
  retarget(): boolean {
    const before = [...this.#targets]
    for (const [workload] of before) {
      const replicas = this.#options.controllers.replicasOf(workload)
      if (replicas !== undefined) this.#targets.set(workload, Math.min(replicas, MAX_REPLICAS))
    }
    return before.some(([workload, target]) => this.#targets.get(workload) !== target)
  }

  /** Makes one change; a no-op when another client has removed the pod. */
  step(): void {
    const { random, size } = this.#options
    const moving = this.#members.filter(({ state }) => state in next)
    const mover = pick(moving, random)
    const isMoving = mover !== undefined && random() < Math.min(0.75, moving.length / (size * MOVING_SHARE))
    const work = isMoving ? undefined : this.#work()
    if (isMoving) this.#advance(mover)
    else if (work) this.#do(work)
    else this.#disturb()
  }

  /** Makes one change that a rollout or a failed node requires; returns whether there was one. */
  urge(): boolean {
    const { random } = this.#options
    const mover = pick(
      this.#members.filter(({ state }) => state in next && state !== 'crashing'),
      random,
    )
    const work = this.#work()
    if (work && (!mover || random() < 0.5)) this.#do(work)
    else if (mover) this.#advance(mover)
    return work !== undefined || mover !== undefined
  }

  /** Marks the pods of a node as lost, and returns their number; their owners replace them elsewhere. */
  lose(nodeName: string): number {
    const lost = this.#members.filter((member) => member.nodeName === nodeName && member.state !== 'leaving' && member.state !== 'evicted')
    for (const member of lost) this.#put(member, 'lost')
    return lost.length
  }

  /** Returns the pods of a workload. */
  membersOf(workload: Workload): Member[] {
    return this.#members.filter((member) => member.workload === workload)
  }

  /** Returns the workloads with changed pods since the last call. */
  takeTouched(): Workload[] {
    const touched = [...this.#touched]
    this.#touched.clear()
    return touched
  }

  /** Returns the most urgent work of the first workload that has some, starting at a random one. */
  #work(): Work | undefined {
    const groups = new Map<Workload, Member[]>(workloads.map((workload) => [workload, []]))
    for (const member of this.#members) groups.get(member.workload)?.push(member)
    const first = Math.floor(this.#options.random() * workloads.length)
    for (let at = 0; at < workloads.length; at++) {
      const workload = workloads[(first + at) % workloads.length]
      const work = workload && this.#workOf(workload, groups.get(workload) ?? [])
      if (work) return work
    }
    return undefined
  }

  #workOf(workload: Workload, members: readonly Member[]): Work | undefined {
    const { controllers, nodes } = this.#options
    const target = this.#targets.get(workload) ?? 0
    return nextWork(workload, members, { target, revision: controllers.revisionOf(workload), nodes: nodes.ready.slice(0, target) })
  }

  #do(work: Work): void {
    if (work.type === 'create') this.#create(work.workload, work.nodeName)
    else this.#leave(work.member)
  }

  /** Changes a pod that could stay as it is. */
  #disturb(): void {
    const { random } = this.#options
    const member = pick(
      this.#members.filter(({ state }) => !(state in next)),
      random,
    )
    const luck = random()
    if (!member) return
    if (member.state !== 'running' || luck < 0.3) this.#leave(member)
    else if (member.workload.kind === 'job') this.#put(member, luck < 0.9 ? 'finished' : 'failed')
    else if (luck < 0.33) this.#put(member, 'evicted')
    else if (luck < 0.38) this.#put(member, 'crashing')
    else this.#put(member, 'running', { moreRestarts: 1 })
  }

  #advance(member: Member): void {
    const state = next[member.state]?.(this.#options.random())
    if (state === 'gone') this.#remove(member)
    else if (state === 'leaving') this.#leave(member)
    else if (state) this.#put(member, state, { moreRestarts: member.state === 'crashing' ? 1 : 0 })
  }

  #create(workload: Workload, nodeName = ''): Member {
    const { controllers, random } = this.#options
    const index = this.#made++
    const owner = controllers.ownerOf(workload, index)
    const revision = controllers.revisionOf(workload)
    const pod = newPod(workload, { index, revision, owner, random })
    const { metadata } = this.#server.create(pods, inState(pod, 'pending', { nodeName }))
    const { name = '', uid = '' } = metadata
    const member = {
      name,
      uid,
      namespace: workload.namespace,
      workload,
      revision,
      ownerName: owner.name,
      nodeName,
      state: 'pending' as const,
    }
    this.#members.push(member)
    this.#touched.add(workload)
    return member
  }

  #put(member: Member, state: State, { restarts, moreRestarts = 0 }: { restarts?: number; moreRestarts?: number } = {}): void {
    const pod = this.#find(member)
    if (!pod) return
    const { nodes, random } = this.#options
    member.nodeName ||= pick(nodes.ready, random) ?? ''
    this.#server.update(pods, inState(pod, state, { nodeName: member.nodeName, restarts: restarts ?? restartsOf(pod) + moreRestarts }))
    this.#became(member, state)
  }

  #leave(member: Member): void {
    if (!this.#find(member)) return
    this.#server.delete(pods, member)
    this.#became(member, 'leaving')
  }

  #became(member: Member, state: Member['state']): void {
    member.state = state
    this.#touched.add(member.workload)
    const note = notes[state]
    const { name, namespace, uid } = member
    if (note) this.#options.events.note({ ...note, regarding: { kind: 'Pod', apiVersion: 'v1', name, namespace, uid } })
  }

  #remove(member: Member): void {
    const pod = this.#find(member)
    if (!pod) return
    this.#options.controllers.release(member)
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
    this.#touched.add(member.workload)
  }
}

function jobStateOf(luck: number): State {
  return luck < 0.75 ? 'finished' : luck < 0.85 ? 'failed' : 'running'
}
