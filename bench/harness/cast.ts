// Assembles the rows of the tables: kubeflect, the floors and the peers.
import { type Checkout, ours } from './build.ts'
import type { Mode } from './question.ts'
import type { Row } from './rounds.ts'
import { clientGo, type ForeignPeer, inRuntime, kubeRs, nodePeer, type Runtime } from './subject.ts'

/** The rows of a table, and the peers that are left out. */
export interface Cast {
  readonly rows: readonly Row[]
  readonly skipped: readonly string[]
}

type OwnRow = Omit<Row, 'runtime' | 'measure'>

/** Returns the rows of kubeflect and the floors in one runtime; kubeflect appears twice with a checkout to compare. */
export async function ownRows(runtime: Exclude<Runtime, 'Go' | 'Rust'>, rows: readonly OwnRow[], { against }: Mode): Promise<Row[]> {
  const checkouts: Checkout[] = against ? [ours, against] : [ours]
  const measures = await Promise.all(checkouts.map((checkout) => inRuntime(runtime, checkout)))
  return rows.flatMap((row) =>
    measures.flatMap((measure, index) => {
      const other = index > 0 && checkouts[index]
      if (other && !row.task.subject.startsWith(ours.name)) return []
      return { ...row, name: other ? row.name.replace(ours.name, other.name) : row.name, runtime, measure }
    }),
  )
}

/** Returns the rows of the peers' list and watch of pods. A peer without its toolchain, or that fails to build, is left out by name. */
export async function peerRows(): Promise<Cast> {
  const peers: readonly (readonly [name: string, runtime: Runtime, ForeignPeer])[] = [
    ['@kubernetes/client-node', 'Node', await nodePeer('peers/client-node.ts')],
    ['kubernetes-fluent-client', 'Node', await nodePeer('peers/fluent-client.ts')],
    ['client-go', 'Go', clientGo()],
    ['kube-rs', 'Rust', kubeRs()],
  ]
  return {
    rows: peers.flatMap(([name, runtime, measure]) =>
      typeof measure === 'function' ? { name, runtime, measure, task: { subject: name } } : [],
    ),
    skipped: peers.flatMap(([, , measure]) => (typeof measure === 'function' ? [] : measure.skipped)),
  }
}
