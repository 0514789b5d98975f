// Opens connections to a server with the API of the runtime: undici in Node, `Deno.createHttpClient`, or Bun’s `tls` option.

import { openInDeno } from '../socket/deno'
import { openInNode } from '../socket/node'
import type { OpenSocket } from '../socket/socket'
import type { Certificate } from './credentials'
import { KubeconfigError } from './error'
import { loadPeer } from './peer'

/** The TLS and proxy settings of a connection. */
export interface ConnectOptions {
  /** The trusted certificate authorities, PEM. Default: those of the runtime. */
  readonly ca?: string | undefined
  readonly certificate?: Certificate | undefined
  /** The host name in the server's certificate, when it differs from the URL's. */
  readonly serverName?: string | undefined
  /** Whether to verify the server's certificate. */
  readonly verify: boolean
  /** The URL of an HTTP proxy. */
  readonly proxy?: string | undefined
}

/** Connections to one server with one certificate. */
export interface Transport {
  /** Sends a request like `fetch`, without a timeout on the response: a watch is silent while nothing changes. */
  fetch(request: Request, signal: AbortSignal): Promise<Response>
  /** Opens a WebSocket with the same certificates. */
  readonly webSocket: OpenSocket
  /** Closes idle connections at once, and the others when their requests end. */
  close(): Promise<void>
}

/** The used part of Deno's API. */
interface Deno {
  createHttpClient(options: object): { close(): void }
}

/** The globals that identify the runtime. */
interface Runtime {
  Deno?: Deno
  Bun?: unknown
  process?: { versions: { node: string } }
}

/** The used part of undici's API. */
export interface Undici {
  Agent: new (options: { connect: object; bodyTimeout: number; headersTimeout: number }) => Dispatcher
  ProxyAgent: new (options: { uri: string; requestTls: object; bodyTimeout: number; headersTimeout: number }) => Dispatcher
  fetch(url: string, init: object): Promise<Response>
}

interface Dispatcher {
  close(): Promise<void>
}

/**
 * Checks that this runtime supports the options.
 *
 * @param owner starts the messages.
 * @throws KubeconfigError naming the field of the kubeconfig and the alternative.
 */
export function checkRuntime({ serverName, verify }: Pick<ConnectOptions, 'serverName' | 'verify'>, owner: string): void {
  if (!('Deno' in globalThis)) return
  const unsupported = (field: string, advice: string) => new KubeconfigError(`${owner}: ${field} is not supported in Deno; ${advice}`)
  if (!verify) throw unsupported('insecure-skip-tls-verify', 'give the cluster its certificate-authority')
  if (serverName) throw unsupported('tls-server-name', "use a server URL with the certificate's own name")
}

/**
 * Prepares connections with `Deno.createHttpClient`, Bun's `tls` option, or undici in Node.
 *
 * @throws KubeconfigError in Node, when undici is not installed or does not load.
 */
export async function connect(options: ConnectOptions): Promise<Transport> {
  const { Deno, Bun } = globalThis as Runtime
  if (Deno) return connectInDeno(Deno, options)
  return Bun ? connectInBun(options) : connectInNode(await loadUndici(), options)
}

/**
 * Loads the packages that {@link connect} needs. Fails early, because the client would treat a missing package as a lost connection and
 * retry the request.
 *
 * @throws KubeconfigError like {@link connect}.
 */
export async function prepareRuntime(): Promise<void> {
  const { Deno, Bun } = globalThis as Runtime
  if (!Deno && !Bun) await loadUndici()
}

/**
 * Loads undici.
 *
 * @param load imports it. The cast hides undici's types from the compiler, because they would add Node's types to all sources; bundlers do
 *   not see it.
 * @param nodeVersion the version of Node, such as `20.20.2`: undici 8 needs 22.19.
 * @throws KubeconfigError when it is not installed or does not load.
 */
export function loadUndici(
  load: () => Promise<Undici> = () => import('undici' as string),
  nodeVersion: string = (globalThis as Runtime).process?.versions.node ?? '',
): Promise<Undici> {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number)
  const version = major < 22 || (major === 22 && minor < 19) ? '@7' : ''
  return loadPeer('undici', load, 'to reach a cluster, Node needs', version)
}

function connectInNode({ Agent, ProxyAgent, fetch }: Undici, { ca, certificate, serverName, verify, proxy }: ConnectOptions): Transport {
  const tls = { ...certificate, ...(ca && { ca }), ...(serverName && { servername: serverName }), rejectUnauthorized: verify }
  const patience = { bodyTimeout: 0, headersTimeout: 0 }
  const dispatcher = proxy ? new ProxyAgent({ uri: proxy, requestTls: tls, ...patience }) : new Agent({ connect: tls, ...patience })
  return {
    async fetch(request, signal) {
      // undici accepts neither the global Request nor a length for a stream. The body was an object in memory before, so buffering it costs
      // little.
      const body = request.body && (await request.arrayBuffer())
      const { method, redirect } = request
      const sent = fetch(request.url, { method, redirect, headers: [...request.headers], body, signal, dispatcher })
      const response = await sent.catch(throwCause(signal))
      const { status, statusText } = response
      return new Response(response.body, { status, statusText, headers: [...response.headers] })
    },
    webSocket: (request) => openInNode(request, { tls, proxy }),
    close: () => dispatcher.close(),
  }
}

function connectInDeno(Deno: Deno, { ca, certificate, proxy }: ConnectOptions): Transport {
  const client = Deno.createHttpClient({ ...certificate, ...(ca && { caCerts: [ca] }), ...(proxy && { proxy: proxyForDeno(proxy) }) })
  const close = async () => client.close()
  return {
    fetch: (request, signal) => fetch(request, { client, signal } as RequestInit).catch(throwCause(signal)),
    webSocket: (request) => openInDeno(request, client),
    close,
  }
}

function proxyForDeno(proxy: string): object {
  const url = new URL(proxy)
  const basicAuth = { username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) }
  url.username = url.password = ''
  return { url: url.href, ...(basicAuth.username && { basicAuth }) }
}

function connectInBun({ ca, certificate, serverName, verify, proxy }: ConnectOptions): Transport {
  const tls = { ...certificate, ...(ca && { ca }), ...(serverName && { serverName }), rejectUnauthorized: verify }
  const options = { tls, timeout: false, ...(proxy && { proxy }) }
  return {
    fetch: (request, signal) => fetch(request, { ...options, signal } as RequestInit),
    webSocket: (request) => openInNode(request, { tls: { ...tls, servername: serverName }, proxy }),
    close: async () => undefined,
  }
}

/** Rethrows the cause of "fetch failed", which names the certificate that is not trusted or the address that refuses connections. */
const throwCause = (signal: AbortSignal) => (error: unknown) => {
  signal.throwIfAborted()
  throw error instanceof TypeError && error.cause instanceof Error && error.cause.message ? error.cause : error
}
