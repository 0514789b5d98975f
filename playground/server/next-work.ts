// Decides what the owner of some pods does next: a pure function, like the sync of a controller.
import { isAlive, isReady, type Member, type Workload } from './workloads.ts'

/** One step of an owner. */
export type Work =
  | { readonly type: 'create'; readonly workload: Workload; readonly nodeName?: string | undefined }
  | { readonly type: 'remove'; readonly member: Member }

/** The desired state of a workload. */
export interface Desired {
  /** The number of pods. */
  readonly target: number
  /** The current revision. */
  readonly revision: number
  /** The nodes that a daemon runs on. */
  readonly nodes: readonly string[]
}

/** The pods that a rollout may add, and may miss, as a share of the target: the default of Deployments. */
const SURGE = 0.25

/** Returns the next step towards the desired state; undefined when it is reached, or the pods have to become ready first. */
export function nextWork(workload: Workload, members: readonly Member[], { target, revision, nodes }: Desired): Work | undefined {
  const alive = members.filter(isAlive)
  if (workload.kind === 'daemon') {
    const nodeName = nodes.find((name) => !alive.some((member) => member.nodeName === name))
    return nodeName === undefined ? undefined : { type: 'create', workload, nodeName }
  }
  const current = alive.filter((member) => member.revision === revision)
  const outdated = alive.find((member) => member.revision !== revision)
  const surge = outdated ? Math.ceil(target * SURGE) : 0
  if (current.length < target && alive.length < target + surge) return { type: 'create', workload }
  const ready = alive.filter(isReady).length
  if (outdated && (!isReady(outdated) || ready > target - Math.floor(target * SURGE))) return { type: 'remove', member: outdated }
  const last = current.at(-1)
  return current.length > target && last ? { type: 'remove', member: last } : undefined
}
