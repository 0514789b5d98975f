// The nodes of the fake cluster, which fail and recover.
import { Node } from '../../src/resources/core/v1'
import type { FakeApiServer } from '../../src/testing'
import type { EventLog } from './event-log.ts'
import { pick } from './random.ts'

/** The names of all nodes. */
export const nodeNames: readonly string[] = ['a', 'b', 'c'].flatMap((zone) => [1, 2, 3, 4].map((number) => `worker-${zone}${number}`))

/** Keeps the nodes; at most one is down at a time. */
export class Nodes {
  readonly #server: FakeApiServer
  readonly #events: EventLog
  readonly #random: () => number
  #down: string | undefined

  constructor(server: FakeApiServer, { events, random }: { events: EventLog; random: () => number }) {
    this.#server = server
    this.#events = events
    this.#random = random
  }

  /** The node that is down; undefined when all are ready. */
  get down(): string | undefined {
    return this.#down
  }

  /** The nodes that accept pods. */
  get ready(): readonly string[] {
    return nodeNames.filter((name) => name !== this.#down)
  }

  /** Creates the nodes. */
  populate(): void {
    nodeNames.forEach((name, at) => {
      const labels = at % 4 === 0 ? { 'node-role.kubernetes.io/control-plane': '' } : {}
      this.#server.create(Node, { metadata: { name, labels }, ...nodeState(name, { isReady: true }) } as Node)
    })
  }

  /** Takes a random node down, and returns its name; returns the node that is down already, if there is one. */
  fail(): string | undefined {
    this.#down ??= pick(nodeNames, this.#random)
    this.#put({ isReady: false })
    return this.#down
  }

  /** Brings the node that is down back. A no-op when all are ready. */
  recover(): void {
    this.#put({ isReady: true })
    this.#down = undefined
  }

  #put(state: { isReady: boolean }): void {
    const name = this.#down
    const node = name === undefined ? undefined : this.#server.get(Node, { name })
    if (!node || name === undefined) return
    const reason = state.isReady ? 'NodeReady' : 'NodeNotReady'
    this.#server.update(Node, { ...node, ...nodeState(name, state) } as Node)
    this.#events.note({
      regarding: { kind: 'Node', apiVersion: 'v1', name, uid: node.metadata.uid },
      type: state.isReady ? 'Normal' : 'Warning',
      reason,
      message: `Node ${name} status is now: ${reason}`,
      component: 'node-controller',
    })
  }
}

function nodeState(name: string, { isReady }: { isReady: boolean }): Pick<Node, 'spec' | 'status'> {
  const taints = isReady ? [] : [{ key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' }]
  return {
    spec: { taints },
    status: {
      conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False', reason: isReady ? 'KubeletReady' : 'KubeletNotReady' }],
      addresses: [{ type: 'InternalIP', address: `192.168.7.${10 + nodeNames.indexOf(name)}` }],
      nodeInfo: { kubeletVersion: 'v1.36.0' },
    },
  } as Pick<Node, 'spec' | 'status'>
}
