// An in-memory machine for the tests of kubeconfigs.

import { posix } from 'node:path'
import type { ConnectOptions } from '../../src/kubeconfig/connect'
import type { ClusterConnection } from '../../src/kubeconfig/connection'
import { openConnection } from '../../src/kubeconfig/connection'
import { checkKubeconfig, type KubeconfigFile } from '../../src/kubeconfig/documents'
import type { Host, RunOptions } from '../../src/kubeconfig/host'
import { type Located, mergeKubeconfigs, resolveContext, type Target } from '../../src/kubeconfig/merge'
import { planOf } from '../../src/kubeconfig/plan'
import type { SocketRequest } from '../../src/socket/socket'
import { VirtualClock } from '../../src/testing'

/** A run of a plugin. */
export interface Run extends RunOptions {
  readonly command: string
  readonly args: readonly string[]
}

/** A machine in memory. */
export interface FakeHost extends Host {
  /** The files by path. */
  readonly files: Map<string, string | Uint8Array>
  readonly env: Record<string, string | undefined>
  /** The runs so far, in order. */
  readonly runs: Run[]
  /** The results of the next runs, in order. */
  answer: (run: Run) => { code: number | null; stdout: string } | Promise<{ code: number | null; stdout: string }>
  stdinIsTerminal: boolean
}

/** Returns the system's error for a missing file or program. */
export const missing = (): Error => Object.assign(new Error('ENOENT'), { code: 'ENOENT' })

/** Creates a machine with the given files and environment variables. */
export function fakeHost(files: Record<string, string | Uint8Array> = {}, env: Record<string, string> = {}): FakeHost {
  const host: FakeHost = {
    files: new Map(Object.entries(files)),
    env,
    runs: [],
    answer: () => {
      throw missing()
    },
    listSeparator: ':',
    stdinIsTerminal: false,
    resolve: (file, path) => posix.resolve('/here', posix.dirname(file), path),
    async readFile(path) {
      const text = host.files.get(path)
      if (text === undefined) throw missing()
      return text
    },
    async run(command, args, options) {
      const run = { command, args, ...options }
      host.runs.push(run)
      return host.answer(run)
    },
  }
  return host
}

/** Returns a kubeconfig with one context, `dev`, for the cluster `east` and the user `ann`. */
export function oneContext(cluster: object = {}, user: object = {}, context: object = {}): object {
  return {
    'current-context': 'dev',
    clusters: [{ name: 'east', cluster: { server: 'https://east.test:6443', ...cluster } }],
    users: [{ name: 'ann', user }],
    contexts: [{ name: 'dev', context: { cluster: 'east', user: 'ann', ...context } }],
  }
}

/** Returns the kubeconfigs as files `/a/config`, `/b/config` and so on. */
export const located = (...documents: object[]): Located<KubeconfigFile>[] =>
  documents.map((document, i) => {
    const file = `/${'abc'[i]}/config`
    return { file, value: checkKubeconfig(document, file) }
  })

/** Resolves the current context of a file. */
export function targetOf(document: object, context?: string): Target {
  const target = resolveContext(mergeKubeconfigs(located(document)), context)
  if (!target) throw new Error('the file has no current context')
  return target
}

/** A connection whose server is a function. */
export interface FakeConnection {
  readonly connection: ClusterConnection
  readonly clock: VirtualClock
  /** The options of its connections, in order. */
  readonly connected: ConnectOptions[]
  readonly requests: Request[]
  /** The handshakes of its WebSockets, in order; each is answered like a request. */
  readonly handshakes: SocketRequest[]
  /** The number of closed connections. */
  closed(): number
  /** Sends a request. */
  send(signal?: AbortSignal): Promise<Response>
}

/** Connects with the current context of a file. */
export async function fakeConnection(
  document: object,
  host: FakeHost,
  answer: (request: Request, signal: AbortSignal) => Response | Promise<Response> = () => new Response('{}'),
): Promise<FakeConnection> {
  const clock = new VirtualClock()
  const connected: ConnectOptions[] = []
  const requests: Request[] = []
  const handshakes: SocketRequest[] = []
  let closed = 0
  const connection = openConnection(await planOf(targetOf(document), host, clock), async (options) => {
    connected.push(options)
    return {
      async fetch(request, signal) {
        requests.push(request)
        return answer(request, signal)
      },
      async webSocket(request) {
        handshakes.push(request)
        const { url, headers, signal } = request
        return answer(new Request(url, { headers }), signal)
      },
      async close() {
        closed++
      },
    }
  })
  return {
    connection,
    clock,
    connected,
    requests,
    handshakes,
    closed: () => closed,
    send: (signal) => connection.fetch(new Request(`${connection.baseUrl}api`, { signal: signal ?? null })),
  }
}
