// Ports to the cluster's Worker for the Worker that reads it for all tabs: over a BroadcastChannel, because a Worker cannot open a SharedWorker.
import type { PageMessage, Port, WorkerMessage } from './messages.ts'

/** From a Worker that reads the cluster: a message of a port, or the question whether the cluster has started. */
type ReaderMessage = { readonly from: string; readonly data: PageMessage } | { readonly knock: true }

/** From the cluster: a message of a port, or the greeting, at its start and after each question. */
type ClusterMessage = { readonly to: string; readonly data: WorkerMessage } | { readonly cluster: string }

const CHANNEL = 'kubeflect-playground/cluster'

/** Calls `serve` with a port for each Worker that reads the cluster. */
export function acceptPorts(serve: (port: Port) => void): void {
  const channel = new BroadcastChannel(CHANNEL)
  const send = (message: ClusterMessage) => channel.postMessage(message)
  const cluster = String(Math.random())
  const listeners = new Map<string, (event: MessageEvent) => void>()
  channel.addEventListener('message', ({ data: message }: MessageEvent<ReaderMessage | ClusterMessage>) => {
    if ('knock' in message) send({ cluster })
    if (!('from' in message)) return
    const { from, data } = message
    if (!listeners.has(from))
      serve({
        postMessage: (answer) => send({ to: from, data: answer as WorkerMessage }),
        addEventListener: (_, listener) => void listeners.set(from, listener),
      })
    listeners.get(from)?.({ data } as MessageEvent)
  })
  send({ cluster })
}

/**
 * Opens a port to the cluster, whose messages wait until it has started.
 *
 * @param name the name of the reader. A later reader of the same name replaces it.
 * @param onRestart called when the cluster has started again: what was asked before is lost.
 */
export function openPort(name: string, onRestart: () => void): Port {
  const channel = new BroadcastChannel(CHANNEL)
  const send = (message: ReaderMessage) => channel.postMessage(message)
  const waiting: ReaderMessage[] = [{ from: name, data: { type: 'leave' } }]
  const listeners: ((event: MessageEvent) => void)[] = []
  let cluster: string | undefined
  channel.addEventListener('message', ({ data: message }: MessageEvent<ReaderMessage | ClusterMessage>) => {
    if ('to' in message && message.to === name) for (const listener of listeners) listener({ data: message.data } as MessageEvent)
    if (!('cluster' in message) || message.cluster === cluster) return
    if (cluster !== undefined) onRestart()
    cluster = message.cluster
    for (const early of waiting.splice(0)) send(early)
  })
  send({ knock: true })
  return {
    postMessage(data) {
      const message: ReaderMessage = { from: name, data: data as PageMessage }
      if (cluster === undefined) waiting.push(message)
      else send(message)
    },
    addEventListener: (_, listener) => void listeners.push(listener),
  }
}
