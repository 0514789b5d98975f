// Forwards a port of this machine to pods.

import { KubeError } from '../api/errors'
import type { KubeClient } from '../http/client'
import { createInformer } from '../informer/create-informer'
import type { SharedInformer } from '../informer/shared-informer'
import { type Clock, systemClock } from '../internal/clock'
import { deadline } from '../internal/deadline'
import { guarded } from '../internal/report'
import type { Seams } from '../internal/seams'
import { Pod } from '../resources/core/v1'
import { connectPort } from '../streams/port'
import { bridge } from './bridge'
import { netModule, reset, type TcpServer, type TcpSocket } from './net'
import { type ForwardTarget, resolveTarget, type TargetPods } from './target'

/** Options of {@link forwardPort}. */
export interface ForwardPortOptions extends Seams {
  namespace: string
  /** The pods to connect to. */
  target: ForwardTarget
  /** The port's number or name: of the service, if the target is one, and otherwise of the pods. */
  port: number | string
  /** The address to listen on. Default: a free port of 127.0.0.1, so that other machines cannot connect. */
  listen?: { readonly hostname?: string | undefined; readonly port?: number | undefined } | undefined
  /** Stops listening, and closes all connections. */
  signal?: AbortSignal | undefined
  /** Called with each connection, once its pod is chosen. */
  onConnection?: ((connection: ForwardedConnection) => void) | undefined
}

/** A connection of a forwarded port. */
export interface ForwardedConnection {
  /** The name of the pod; undefined when none became ready. */
  readonly pod: string | undefined
  /** Resolves when the connection has ended; rejects with the error that broke it. */
  readonly closed: Promise<void>
}

/** A forwarded port. */
export interface ForwardedPort extends AsyncDisposable {
  /** The address that it listens on. */
  readonly hostname: string
  /** The port that it listens on. */
  readonly port: number
  /** Resolves when nothing listens and all connections are closed, after {@link close} or an abort. */
  readonly closed: Promise<void>
  /** Stops listening, and closes all connections. Idempotent. */
  close(): Promise<void>
}

/** The time for which a connection waits for a ready pod, in milliseconds. */
const READY_MS = 30_000

/**
 * Listens on a port of this machine and connects each connection to a ready pod. Outlives the pods: a new connection goes to one that is ready then,
 * the pods taking turns, and waits up to 30 seconds for one. A connection that breaks is reset, never resumed in another pod.
 *
 * Needs the rights to list and watch pods, `get` and `create` on `pods/portforward`, and `get` on the service or deployment.
 *
 * @throws ApiError when the service or deployment does not exist, or the server denies access; KubeError when it has no such port; the runtime's error
 *   when the local port is in use; the signal's reason.
 * @see kubectl `port-forward`, which ends with its pod
 * @example
 * ```ts
 * await using db = await forwardPort(client, { namespace: 'shop', target: { service: 'db' }, port: 'postgres' })
 * console.log(`postgres://${db.hostname}:${db.port}`)
 * ```
 */
export async function forwardPort(client: KubeClient, options: ForwardPortOptions): Promise<ForwardedPort> {
  const { namespace, target, port, listen: { hostname = '127.0.0.1', port: localPort = 0 } = {}, signal, onConnection, ...seams } = options
  signal?.throwIfAborted()
  const found = await resolveTarget(client, { namespace, target, port, signal })
  const ending = new AbortController()
  const stopped = signal ? AbortSignal.any([signal, ending.signal]) : ending.signal
  const server = netModule().createServer({ allowHalfOpen: true })
  const pods = createInformer(client, Pod, { namespace, ...found.selectors, onError: () => undefined, ...seams })
  try {
    await pods.whenSynced({ signal: stopped, onDenied: 'reject' })
    await listening(server, localPort, hostname)
    stopped.throwIfAborted()
  } catch (error) {
    server.close(() => undefined)
    await pods.close()
    throw error
  }
  const choice = new PodChoice(pods, found, seams.clock ?? systemClock)
  const sockets = new Set<TcpSocket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    void serve(socket, { client, namespace, choice, signal: stopped, onConnection, clock: seams.clock })
  })
  const closed = new Promise<void>((resolve) => {
    const stop = () => {
      server.close(() => void pods.close().then(resolve))
      for (const socket of sockets) reset(socket)
    }
    stopped.addEventListener('abort', stop, { once: true })
  })
  const close = (): Promise<void> => {
    ending.abort(new DOMException('the forwarded port was closed', 'AbortError'))
    return closed
  }
  const address = server.address() as { address: string; port: number }
  return { hostname: address.address, port: address.port, closed, close, [Symbol.asyncDispose]: close }
}

function listening(server: TcpServer, port: number, hostname: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, hostname, resolve)
  })
}

/** Parameters of {@link serve}. */
interface Connections extends Pick<ForwardPortOptions, 'onConnection' | 'clock'> {
  readonly client: KubeClient
  readonly namespace: string
  readonly choice: PodChoice
  readonly signal: AbortSignal
}

/** Serves one connection. */
async function serve(socket: TcpSocket, { client, namespace, choice, signal, onConnection, clock }: Connections): Promise<void> {
  // What breaks the local side also ends its stream.
  socket.on('error', () => undefined)
  const chosen = await choice.next(signal).catch((error: unknown) => ({ error }))
  const connect = async (): Promise<void> => {
    if ('error' in chosen) throw chosen.error
    const remote = await connectPort(client, { namespace, ...chosen, signal, clock })
    await bridge(socket, remote, clock ?? systemClock)
  }
  const closed = connect().catch((error: unknown) => {
    reset(socket)
    throw error
  })
  // A caller without the callback need not handle it.
  closed.catch(() => undefined)
  guarded(onConnection)?.({ pod: 'name' in chosen ? chosen.name : undefined, closed })
}

/** Chooses pods for connections, in turn. */
class PodChoice {
  readonly #pods: SharedInformer<Pod>
  readonly #target: TargetPods
  readonly #clock: Clock
  #turn = 0

  constructor(pods: SharedInformer<Pod>, target: TargetPods, clock: Clock) {
    this.#pods = pods
    this.#target = target
    this.#clock = clock
  }

  /**
   * Waits for a ready pod.
   *
   * @throws KubeError when none is ready after {@link READY_MS}; the signal's reason.
   */
  async next(signal: AbortSignal): Promise<{ name: string; port: number }> {
    const late = deadline(READY_MS, () => new KubeError(`forwardPort: no pod was ready within ${READY_MS / 1_000} s`), this.#clock)
    try {
      const ready = await this.#pods.waitFor(
        (all) => {
          const found = all.list().flatMap(({ object }) => (this.#target.isReady(object) ? [object] : []))
          return found.length > 0 && found
        },
        { signal: AbortSignal.any([signal, late.signal]) },
      )
      ready.sort((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1))
      const pod = ready[this.#turn++ % ready.length] as Pod
      return { name: pod.metadata.name ?? '', port: this.#target.portOf(pod) }
    } finally {
      late.clear()
    }
  }
}
