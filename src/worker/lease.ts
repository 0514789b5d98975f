// Starts Workers, and shares one among the users of a client.

import { KubeError } from '../api/errors'
import type { PortableClient } from '../http/portable'
import type { Clock } from '../internal/clock'
import type { EntryClient } from '../source/list-watch'
import { Thread } from './page/connection'
import { remoteClient, remotePersister } from './page/remote'
import type { Hold, Place, WorkerSource } from './page/worker-source'
import { CONNECT } from './protocol'

/** A Worker and the number of its users. */
interface Shared {
  readonly thread: Thread
  holders: number
  end(): void
}

// Workers by client. Kept outside the client, so that the client's bundle has no Worker code.
const workers = new WeakMap<EntryClient, Map<WorkerSource, Shared>>()

/**
 * Acquires a client's Worker, and starts it for the first user.
 *
 * @throws KubeError when no Worker is available (missing in this runtime, forbidden, not loaded, not responding), or the client cannot be
 *   sent to one.
 */
export async function takeHold({ client, persister }: Place, source: WorkerSource, clock: Clock): Promise<Hold> {
  const { portable } = client as EntryClient & { portable?: PortableClient | undefined }
  if (!portable) throw new KubeError('the client has its own fetch or hooks, or is not a KubeClient, so it cannot be sent to a Worker')
  const known = workers.get(client) ?? new Map<WorkerSource, Shared>()
  workers.set(client, known)
  const before = known.get(source)
  const shared = before && !before.thread.failure ? before : start(source, portable, clock)
  known.set(source, shared)
  shared.holders++
  let isHeld = true
  const release = () => {
    if (!isHeld) return
    isHeld = false
    shared.holders--
    if (shared.holders > 0) return
    if (known.get(source) === shared) known.delete(source)
    shared.end()
  }
  const { thread } = shared
  try {
    await thread.ping()
  } catch (error) {
    release()
    throw error
  }
  const { portable: settings } = persister ?? {}
  return {
    client: remoteClient(thread, client.baseUrl),
    persister: persister && settings ? remotePersister(thread, { ...settings, number: thread.numberOf(persister) }) : persister,
    get failure() {
      return thread.failure
    },
    release,
  }
}

function start(source: WorkerSource, portable: PortableClient, clock: Clock): Shared {
  const worker = obtain(source)
  const { port1, port2 } = new MessageChannel()
  const thread = new Thread(port1, portable, clock, () => {
    worker.removeEventListener('error', onError)
    // Terminated at once, not when its last user releases it: a hanging Worker keeps a processor busy.
    if (typeof source !== 'object') worker.terminate()
  })
  const onError = (event: Event) => {
    const { message } = event as Partial<ErrorEvent>
    // An error does not always end a Worker; one that continues answers a ping.
    if (thread.isAlive) thread.ping().catch(() => {})
    else thread.fail(new KubeError(`the Worker failed: ${message || 'it cannot be loaded, or is forbidden here'}`))
  }
  worker.addEventListener('error', onError)
  worker.postMessage(CONNECT, [port2])
  return { thread, holders: 0, end: () => thread.close() }
}

function obtain(source: WorkerSource): Worker {
  if (typeof source === 'object') return source as Worker
  try {
    // Bundlers search for exactly this expression.
    return source === true
      ? new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'kubeflect' })
      : (source() as Worker)
  } catch (cause) {
    const isNone = source === true && typeof Worker === 'undefined'
    const why = isNone ? 'this runtime has none' : cause instanceof Error ? cause.message : String(cause)
    throw new KubeError(`no Worker could be started: ${why}`, { cause })
  }
}
