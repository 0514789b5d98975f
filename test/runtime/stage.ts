import { KubeClient, type KubeClientOptions, type Persister } from 'kubeflect'
import type { Controls } from './host.ts'

/** A storage of a runtime: each call makes an empty one. */
export type MakeStorage = () => Promise<StorageInUse>

/** An empty storage, until it is closed. */
export interface StorageInUse {
  /** Another persister on it, as another process would have it. */
  open(): Persister
  close(): void | Promise<void>
}

/** The storages of a runtime by name. */
export type Storages = Readonly<Record<string, MakeStorage>>

/** What a case is given. */
export interface Stage {
  /** Where the host is, see `host.ts`; the empty string where cases run on a real cluster. */
  readonly origin: string
  /** The kubeconfig file of each user of a real cluster; none where cases run on the host. */
  readonly kubeconfigs: Readonly<Record<string, string>>
  readonly storages: Storages
}

/** Something the package does. The cases know no test runner: each runtime bundles them and runs them as they are. */
export interface RuntimeCase {
  readonly title: string
  run(stage: Stage): Promise<void>
}

/** Runs a piece of work on an empty storage. */
export async function withStorage(stage: Stage, name: string, work: (storage: StorageInUse) => Promise<void>): Promise<void> {
  const make = stage.storages[name]
  if (!make) throw new RangeError(`this runtime has no storage ${name}`)
  const storage = await make()
  try {
    await work(storage)
  } finally {
    await storage.close()
  }
}

/** @throws Error when the two are not the same as JSON. */
export function equal(actual: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (a !== b) throw new Error(`expected ${b}, got ${a}`)
}

/** The controls of a server, from another process. */
export type RemoteControls = {
  readonly [K in keyof Controls]: (...args: Parameters<Controls[K]>) => Promise<Awaited<ReturnType<Controls[K]>>>
}

/** A server of one's own. */
export interface RemoteServer {
  readonly controls: RemoteControls
  /** A client of it. */
  connect(options?: KubeClientOptions): KubeClient
}

/** Asks the host for a server. */
export async function createServer({ origin }: Stage): Promise<RemoteServer> {
  const call = async (body: unknown): Promise<unknown> => {
    const response = await fetch(`${origin}/control`, { method: 'POST', body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`the host refused: ${await response.text()}`)
    const { value } = (await response.json()) as { value?: unknown }
    return value
  }
  const path = await call({ operation: 'begin', args: [] })
  const controls = new Proxy({} as RemoteControls, {
    get:
      (_, operation) =>
      (...args: unknown[]) =>
        call({ path, operation, args }),
  })
  return { controls, connect: (options) => new KubeClient({ baseUrl: `${origin}${path}`, ...options }) }
}
