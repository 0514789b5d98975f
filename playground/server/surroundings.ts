// The nodes, deployments, services and custom objects around the simulated pods.
import { Deployment } from '../../src/resources/apps/v1'
import { ConfigMap, Namespace, Node, Service } from '../../src/resources/core/v1'
import type { FakeApiServer } from '../../src/testing'
import { APIService, advance, backups, canaries, define } from './custom-kinds.ts'
import { pick } from './random.ts'
import { nodeNames } from './simulation.ts'
import { type Workload, workloads } from './workloads.ts'

/** The number of pods of a workload. */
export interface Tally {
  readonly pods: number
  readonly ready: number
}

const services = workloads.filter(({ kind }) => kind === 'service')
/** The namespaces of the workloads. */
export const namespaces: readonly string[] = [...new Set(workloads.map(({ namespace }) => namespace))]
/** The number of pod changes after which one node changes its health, and the number after which one custom object changes its phase. */
const CHANGES_PER_NODE = 150
const CHANGES_PER_CUSTOM_OBJECT = 6

/** The objects of a cluster besides pods: nodes, deployments, services and a custom kind. */
export class Surroundings {
  readonly #server: FakeApiServer
  readonly #random: () => number

  /** @param random numbers in [0, 1). */
  constructor(server: FakeApiServer, { random }: { random: () => number }) {
    this.#server = server
    this.#random = random
    server.register({ resource: APIService, status: true })
  }

  /** Creates all objects; {@link follow} sets the number of pods of each workload. */
  populate(): void {
    for (const name of namespaces)
      if (!this.#server.get(Namespace, { name })) this.#server.create(Namespace, { metadata: { name }, status: { phase: 'Active' } })
    nodeNames.forEach((name, at) => {
      const labels = at % 4 === 0 ? { 'node-role.kubernetes.io/control-plane': '' } : {}
      this.#server.create(Node, { metadata: { name, labels }, status: nodeStatus(at, true) } as Node)
    })
    services.forEach(({ name, namespace }, at) => {
      const spec = {
        type: 'ClusterIP',
        clusterIP: `10.96.${at}.${17 + at}`,
        selector: { app: name },
        ports: [{ port: 80, protocol: 'TCP' }],
      }
      this.#server.create(Service, { metadata: { name, namespace, labels: { app: name } }, spec } as Service)
      this.#server.create(ConfigMap, { metadata: { name: `${name}-config`, namespace }, data: { LOG_LEVEL: 'info', REGION: 'eu' } })
      this.#server.create(Deployment, deploymentOf({ name, namespace }, { pods: 0, ready: 0 }))
    })
    define(this.#server, backups, { namespaces })
  }

  /** Updates the status of the deployments to the number of their pods. */
  follow(tallyOf: (workload: Workload) => Tally): void {
    for (const workload of services) {
      const deployment = this.#server.get(Deployment, workload)
      const next = deploymentOf(workload, tallyOf(workload))
      // Skip unchanged objects, so that they keep their version.
      if (deployment) this.#server.update(Deployment, { ...deployment, spec: next.spec, status: next.status } as Deployment)
    }
  }

  /** Makes the changes that accompany this many changes of pods. */
  step(changes: number): void {
    for (let change = 0; change < changes; change++) {
      if (this.#random() < 1 / CHANGES_PER_CUSTOM_OBJECT) advance(this.#server, this.#random() < 0.7 ? backups : canaries, this.#random)
      if (this.#random() < 1 / CHANGES_PER_NODE) this.#changeNode()
    }
  }

  #changeNode(): void {
    const nodes = this.#server.list(Node)
    const isReady = ({ status }: Node) => status?.conditions?.[0]?.status === 'True'
    const node = nodes.find((candidate) => !isReady(candidate)) ?? pick(nodes, this.#random)
    if (node) this.#server.update(Node, { ...node, status: nodeStatus(nodeNames.indexOf(node.metadata.name ?? ''), !isReady(node)) })
  }
}

function nodeStatus(at: number, isReady: boolean): NonNullable<Node['status']> {
  const reason = isReady ? 'KubeletReady' : 'KubeletNotReady'
  return {
    conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False', reason }],
    addresses: [{ type: 'InternalIP', address: `192.168.7.${10 + at}` }],
    nodeInfo: { kubeletVersion: 'v1.36.0' },
  } as NonNullable<Node['status']>
}

function deploymentOf({ name, namespace }: Pick<Workload, 'name' | 'namespace'>, { pods, ready }: Tally): Deployment {
  const template = {
    metadata: { labels: { app: name } },
    spec: { containers: [{ name, image: `registry.example.com/${namespace}/${name}:1.4` }] },
  }
  return {
    metadata: { name, namespace, labels: { app: name } },
    spec: { replicas: pods, selector: { matchLabels: { app: name } }, template },
    status: { replicas: pods, updatedReplicas: pods, readyReplicas: ready, availableReplicas: ready },
  } as Deployment
}
