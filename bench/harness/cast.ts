import { type Checkout, ours } from './build.ts'
import type { Mode } from './question.ts'
import type { Row } from './rounds.ts'
import { clientGo, type ForeignPeer, inRuntime, kubeRs, nodePeer, type Runtime } from './subject.ts'

/** Rows of a table, and who is missing from it. */
export interface Cast {
  readonly rows: readonly Row[]
  readonly skipped: readonly string[]
}

type OwnRow = Omit<Row, 'runtime' | 'measure'>

/** The rows of ours and of the floors in one runtime; ours twice when there is another checkout to compare with. */
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

/** Everybody else's list and watch of pods. A peer whose toolchain is missing, or that cannot be built, is left out by name. */
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
