// Leases Workers: starts one for the first user of a client, and ends it with the last.

import { KubeError } from '../api/errors'
import type { PortableClient } from '../http/portable'
import type { Clock } from '../internal/clock'
import type { EntryClient } from '../source/list-watch'
import { WorkerConnection } from './page/connection'
import { remoteClient, remotePersister } from './page/remote'
import type { Backend, WorkerLease, WorkerSource } from './page/worker-source'
import { CONNECT, type ReadOptions } from './protocol'

/** A running Worker and the number of its leases. */
interface SharedWorkerThread {
  readonly connection: WorkerConnection
  leases: number
}

// Workers by client. Kept outside the client, so that the client's bundle has no Worker code.
const workers = new WeakMap<EntryClient, Map<WorkerSource, SharedWorkerThread>>()

/**
 * Leases the Worker of a client, and starts it for the first lease.
 *
 * @param backend the client and the persister whose calls the Worker takes over.
 * @param clock schedules the pings that detect a dead Worker.
 * @param options `pack`: whether the Worker packs the texts that it sends.
 * @throws KubeError when no Worker is available (missing in this runtime, forbidden, not loaded, not responding), or the client cannot be
 *   sent to one.
 */
export async function acquireLease(
  { client, persister }: Backend,
  source: WorkerSource,
  clock: Clock,
  options: Pick<ReadOptions, 'pack'> = {},
): Promise<WorkerLease> {
  const { portable } = client as EntryClient & { portable?: PortableClient | undefined }
  if (!portable)
    throw new KubeError('the client has its own fetch, hooks or watchOver, or is not a KubeClient, so it cannot be sent to a Worker')
  const known = workers.get(client) ?? new Map<WorkerSource, SharedWorkerThread>()
  workers.set(client, known)
  const before = known.get(source)
  const shared = before && !before.connection.failure ? before : start(source, portable, clock)
  known.set(source, shared)
  shared.leases++
  let isReleased = false
  const release = () => {
    if (isReleased) return
    isReleased = true
    shared.leases--
    if (shared.leases > 0) return
    if (known.get(source) === shared) known.delete(source)
    shared.connection.close()
  }
  const { connection } = shared
  try {
    await connection.ping()
  } catch (error) {
    release()
    throw error
  }
  const { portable: settings } = persister ?? {}
  return {
    client: remoteClient(connection, client.baseUrl, options),
    persister: persister && settings ? remotePersister(connection, { ...settings, number: connection.numberOf(persister) }) : persister,
    get failure() {
      return connection.failure
    },
    release,
  }
}

function start(source: WorkerSource, portable: PortableClient, clock: Clock): SharedWorkerThread {
  const worker = workerFrom(source)
  const { port1, port2 } = new MessageChannel()
  const connection = new WorkerConnection(port1, portable, clock, () => {
    worker.removeEventListener('error', onError)
    // Terminated at once, not with the last lease: a hanging Worker keeps a processor busy.
    if (typeof source !== 'object') worker.terminate()
  })
  const onError = (event: Event) => {
    const { message } = event as Partial<ErrorEvent>
    // An error does not always end a Worker; one that continues answers a ping.
    if (connection.isAlive) connection.ping().catch(() => {})
    else connection.fail(new KubeError(`the Worker failed: ${message || 'it cannot be loaded, or is forbidden here'}`))
  }
  worker.addEventListener('error', onError)
  worker.postMessage(CONNECT, [port2])
  return { connection, leases: 0 }
}

function workerFrom(source: WorkerSource): Worker {
  if (typeof source === 'object') return source as Worker
  try {
    // Bundlers search for exactly this expression.
    return source === true
      ? new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'kubeflect' })
      : (source() as Worker)
  } catch (cause) {
    const isMissing = source === true && typeof Worker === 'undefined'
    const why = isMissing ? 'this runtime has none' : cause instanceof Error ? cause.message : String(cause)
    throw new KubeError(`no Worker could be started: ${why}`, { cause })
  }
}
