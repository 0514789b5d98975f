// What the containers of the fake cluster write to their logs: for the pods whose logs are read.
import { Pod } from '../../src/resources/core/v1'
import type { ContainerReference, FakeApiServer } from '../../src/testing'

const LOG_PATH = /\/api\/v1\/namespaces\/([^/]+)\/pods\/([^/]+)\/log$/
/** The containers that go on writing; those that were read longest ago stop. */
const MAX_CONTAINERS = 8
/** The most lines of a container. */
const MAX_LINES = 2000
const FIRST_LINES = ['starting', 'read the configuration', 'listening on :8080', 'ready']
const PATHS = ['/healthz', '/readyz', '/api/items', '/api/items/42', '/metrics']

/** Writes the logs of containers from the first time that they are read. */
export class PodOutput {
  readonly #server: FakeApiServer
  readonly #random: () => number
  /** The lines that each container has written, the one that was read last at the end. */
  readonly #lines = new Map<string, { readonly container: ContainerReference; count: number }>()

  /** @param random numbers in [0, 1). */
  constructor(server: FakeApiServer, { random }: { random: () => number }) {
    this.#server = server
    this.#random = random
  }

  /** Begins the logs that a request reads. */
  prepare(url: string): void {
    const { pathname, searchParams } = new URL(url)
    const [, namespace, name] = LOG_PATH.exec(pathname) ?? []
    const pod = namespace && name ? this.#server.get(Pod, { namespace, name }) : undefined
    const container = searchParams.get('container') ?? pod?.spec?.containers[0]?.name
    if (!pod || !namespace || !name || !container) return
    const key = `${pod.metadata.uid}/${container}`
    const known = this.#lines.get(key) ?? { container: { namespace, name, container }, count: 0 }
    this.#lines.delete(key)
    this.#lines.set(key, known)
    if (known.count === 0) this.#write(known, FIRST_LINES)
    for (const oldest of [...this.#lines.keys()].slice(0, -MAX_CONTAINERS)) this.#lines.delete(oldest)
  }

  /** Writes a line in each container whose logs are read. */
  step(): void {
    for (const known of this.#lines.values()) {
      const path = PATHS[Math.floor(this.#random() * PATHS.length)]
      this.#write(known, [`GET ${path} ${this.#random() < 0.05 ? 503 : 200} ${(this.#random() * 30).toFixed(1)}ms`])
    }
  }

  #write(known: { readonly container: ContainerReference; count: number }, lines: readonly string[]): void {
    if (known.count >= MAX_LINES) return
    known.count += lines.length
    this.#server.logs.append(known.container, lines)
  }
}
