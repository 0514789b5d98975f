// Lays out the owner map: deployments, their replica sets and their pods, from left to right, a band for each namespace.
import type { Entry } from 'kubeflect'
import { type Deployment, Deployment as Deployments, type ReplicaSet, ReplicaSet as ReplicaSets } from 'kubeflect/resources/apps/v1'
import { type Pod, Pod as Pods } from 'kubeflect/resources/core/v1'
import type { Tone } from '../status.ts'
import { factsOf } from './facts.ts'
import type { Caption, Link, Mark, Picture } from './picture.ts'

/** The objects of the map. */
export interface OwnerMapObjects {
  readonly pods: readonly Entry<Pod>[]
  readonly replicaSets: readonly Entry<ReplicaSet>[]
  readonly deployments: readonly Entry<Deployment>[]
}

/** A replica set, or the pods that a root owns itself. */
interface Branch {
  readonly id: string
  readonly name: string
  readonly entry: Entry<ReplicaSet> | undefined
  readonly pods: Entry<Pod>[]
}

/** An object that nothing owns, such as a deployment. */
interface Root {
  readonly id: string
  readonly kind: string
  readonly name: string
  readonly entry: Entry<Deployment> | undefined
  readonly branches: Map<string, Branch>
}

const CELL = 11
const PITCH = 14
const BOX = 22
const GAP = 8
const MARGIN = 12
/** The width below which a root stands above its branches. */
const NARROW = 620

/** Computes the picture of the owner map. Costs one pass over the objects. */
export function layOutOwners(objects: OwnerMapObjects, { width }: { width: number }): Picture {
  const isNarrow = width < NARROW
  const branchX = isNarrow ? MARGIN : 236
  const branchWidth = isNarrow ? 124 : 180
  const podX = branchX + branchWidth + 24
  const perLine = Math.max(1, Math.floor((width - podX - MARGIN) / PITCH))
  const marks: Mark[] = []
  const links: Link[] = []
  const captions: Caption[] = []
  const rows: string[][] = []
  let y = MARGIN
  for (const [namespace, roots] of rootsByNamespace(objects)) {
    captions.push({ x: MARGIN, y: y + 12, text: namespace, isTitle: true })
    y += 28
    for (const root of roots) {
      const branches = [...root.branches.values()].filter(({ pods }) => pods.length > 0)
      const size = branches.reduce((sum, { pods }) => sum + pods.length, 0)
      const ready = branches.reduce((sum, { pods }) => sum + readyOf(pods), 0)
      const tone = toneOfShare(ready, size, root.kind)
      const label = `${root.kind} ${namespace}/${root.name}: ${ready} of ${size} pods ready`
      const target = root.entry && { resource: Deployments, key: root.entry.key }
      const rootWidth = isNarrow ? width - 2 * MARGIN : 180
      marks.push({ id: root.id, x: MARGIN, y, width: rootWidth, height: BOX, shape: 'box', tone, text: root.name, label, target })
      if (isNarrow) y += BOX + GAP / 2
      for (const branch of branches) {
        const lines = Math.ceil(branch.pods.length / perLine)
        const count = readyOf(branch.pods)
        const isOwn = branch.id === root.id
        if (!isOwn) {
          links.push({ from: root.id, to: branch.id })
          marks.push({
            id: branch.id,
            x: branchX,
            y,
            width: branchWidth,
            height: BOX,
            shape: 'box',
            tone: toneOfShare(count, branch.pods.length, 'ReplicaSet'),
            text: branch.name.startsWith(`${root.name}-`) ? `…${branch.name.slice(root.name.length)}` : branch.name,
            label: `ReplicaSet ${namespace}/${branch.name}: ${count} of ${branch.pods.length} pods ready`,
            owners: [root.id],
            target: branch.entry && { resource: ReplicaSets, key: branch.entry.key },
          })
        }
        const x = isOwn && isNarrow ? MARGIN : podX
        const width = isOwn && isNarrow ? Math.max(1, Math.floor((rootWidth - MARGIN) / PITCH)) : perLine
        branch.pods.forEach((pod, at) => {
          const facts = factsOf(pod)
          if (at === 0) links.push({ from: branch.id, to: pod.uid })
          marks.push({
            id: pod.uid,
            x: x + (at % width) * PITCH,
            y: y + (BOX - CELL) / 2 + Math.floor(at / width) * PITCH,
            width: CELL,
            height: CELL,
            shape: 'cell',
            tone: facts.tone,
            label: `Pod ${pod.key}: ${facts.phase}${facts.node && ` on ${facts.node}`}`,
            owners: isOwn ? [root.id] : [branch.id, root.id],
            target: { resource: Pods, key: pod.key },
          })
        })
        rows.push([namespace, `${root.kind} ${root.name}`, isOwn ? '' : branch.name, `${count}/${branch.pods.length}`])
        y += Math.max(BOX, (isOwn && isNarrow ? Math.ceil(branch.pods.length / width) : lines) * PITCH) + GAP
      }
      if (branches.length === 0 && !isNarrow) y += BOX + GAP
    }
    y += GAP
  }
  const { pods, replicaSets, deployments } = objects
  const summary = `${deployments.length} deployments, ${replicaSets.length} replica sets, ${pods.length} pods`
  const twin = { title: 'Owners of pods', head: ['Namespace', 'Owner', 'Replica set', 'Ready'], rows }
  return { height: y, marks, links, captions, twin, summary }
}

/** Groups the objects by namespace, root and branch, in the order of their names. */
function rootsByNamespace({ pods, replicaSets, deployments }: OwnerMapObjects): [string, Root[]][] {
  const roots = new Map<string, { readonly namespace: string; readonly root: Root }>()
  const branches = new Map<string, Branch>()
  const put = (namespace: string, root: Omit<Root, 'branches'>): Root => {
    const found = roots.get(root.id)?.root
    if (found) return found
    const made: Root = { ...root, branches: new Map() }
    roots.set(root.id, { namespace, root: made })
    return made
  }
  for (const entry of deployments) put(entry.namespace, { id: entry.uid, kind: 'Deployment', name: entry.name, entry })
  for (const entry of replicaSets) {
    const [owner] = ownersOf(entry)
    const root = put(
      entry.namespace,
      owner
        ? { id: owner.uid, kind: owner.kind, name: owner.name, entry: undefined }
        : { id: entry.uid, kind: 'ReplicaSet', name: entry.name, entry: undefined },
    )
    const branch = { id: entry.uid, name: entry.name, entry, pods: [] }
    branches.set(entry.uid, branch)
    root.branches.set(entry.uid, branch)
  }
  for (const pod of pods) {
    const { owner, app } = factsOf(pod)
    const branch = owner && branches.get(owner.uid)
    if (branch) {
      branch.pods.push(pod)
      continue
    }
    // The jobs of one application are one root: each has a single pod.
    const isJob = owner?.kind === 'Job'
    const kind = isJob ? 'Jobs' : (owner?.kind ?? 'No owner')
    const name = isJob ? app : (owner?.name ?? 'pods without an owner')
    const id = isJob || !owner ? `${kind} ${pod.namespace}/${name}` : owner.uid
    const root = put(pod.namespace, { id, kind, name, entry: undefined })
    const own = root.branches.get(id) ?? { id, name, entry: undefined, pods: [] }
    root.branches.set(id, own)
    own.pods.push(pod)
  }
  const byNamespace = new Map<string, Root[]>()
  for (const { namespace, root } of roots.values()) byNamespace.set(namespace, [...(byNamespace.get(namespace) ?? []), root])
  return [...byNamespace]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([namespace, own]) => [namespace, own.sort((a, b) => (`${a.kind} ${a.name}` < `${b.kind} ${b.name}` ? -1 : 1))])
}

function ownersOf({ object }: Entry<ReplicaSet>) {
  return object.metadata.ownerReferences ?? []
}

function readyOf(pods: readonly Entry<Pod>[]): number {
  return pods.filter((pod) => factsOf(pod).tone === 'good').length
}

function toneOfShare(ready: number, size: number, kind: string): Tone {
  if (kind === 'Jobs') return 'done'
  return ready === size ? 'good' : ready > 0 ? 'busy' : 'bad'
}
