// The namespaces, services and custom objects around the simulated workloads.
import { ConfigMap, Namespace, Service } from '../../src/resources/core/v1'
import type { FakeApiServer } from '../../src/testing'
import { APIService, advance, backups, canaries, define } from './custom-kinds.ts'
import { workloads } from './workloads.ts'

const services = workloads.filter(({ kind }) => kind === 'service')
/** The namespaces of the workloads. */
export const namespaces: readonly string[] = [...new Set(workloads.map(({ namespace }) => namespace))]
/** The number of pod changes after which one custom object changes its phase. */
const CHANGES_PER_CUSTOM_OBJECT = 6

/** The objects of a cluster besides nodes, workloads and pods. */
export class Surroundings {
  readonly #server: FakeApiServer
  readonly #random: () => number

  /** @param random numbers in [0, 1). */
  constructor(server: FakeApiServer, { random }: { random: () => number }) {
    this.#server = server
    this.#random = random
    server.register({ resource: APIService, status: true })
  }

  /** Creates all objects. */
  populate(): void {
    for (const name of namespaces)
      if (!this.#server.get(Namespace, { name })) this.#server.create(Namespace, { metadata: { name }, status: { phase: 'Active' } })
    services.forEach(({ name, namespace }, at) => {
      const spec = {
        type: 'ClusterIP',
        clusterIP: `10.96.${at}.${17 + at}`,
        selector: { app: name },
        ports: [{ port: 80, protocol: 'TCP' }],
      }
      this.#server.create(Service, { metadata: { name, namespace, labels: { app: name } }, spec } as Service)
      this.#server.create(ConfigMap, { metadata: { name: `${name}-config`, namespace }, data: { LOG_LEVEL: 'info', REGION: 'eu' } })
    })
    define(this.#server, backups, { namespaces })
  }

  /** Makes the changes that accompany this many changes of pods. */
  step(changes: number): void {
    for (let change = 0; change < changes; change++)
      if (this.#random() < 1 / CHANGES_PER_CUSTOM_OBJECT) advance(this.#server, this.#random() < 0.7 ? backups : canaries, this.#random)
  }
}
