import type { Certificate } from './credentials'
import { KubeconfigError } from './error'
import { loadPeer } from './peer'

/** How to talk to a server: as whom, whom to trust, and through what. */
export interface ConnectOptions {
  /** Who may vouch for the server, PEM. Default: whom the runtime trusts. */
  readonly ca?: string | undefined
  readonly certificate?: Certificate | undefined
  /** The name the server's certificate is for, when it is another than the URL's. */
  readonly serverName?: string | undefined
  /** Whether the server has to prove who it is. */
  readonly verify: boolean
  /** The URL of an HTTP proxy. */
  readonly proxy?: string | undefined
}

/** Connections to one server with one certificate. */
export interface Transport {
  /** As `fetch`. A response never times out: a watch is silent for as long as nothing happens. */
  fetch(request: Request, signal: AbortSignal): Promise<Response>
  /** Closes the connections that are kept for reuse, and the others when their requests end. */
  close(): Promise<void>
}

/** As much as is used of Deno. */
interface Deno {
  createHttpClient(options: object): { close(): void }
}

/** What tells the runtimes apart. */
interface Runtime {
  Deno?: Deno
  Bun?: unknown
  process?: { versions: { node: string } }
}

/** As much as is used of undici. */
export interface Undici {
  Agent: new (options: { connect: object; bodyTimeout: number; headersTimeout: number }) => Dispatcher
  ProxyAgent: new (options: { uri: string; requestTls: object; bodyTimeout: number; headersTimeout: number }) => Dispatcher
  fetch(url: string, init: object): Promise<Response>
}

interface Dispatcher {
  close(): Promise<void>
}

/**
 * Checks that this runtime can do what is asked for.
 *
 * @param owner What messages begin with.
 * @throws KubeconfigError naming the field of the kubeconfig, and what to do instead.
 */
export function checkRuntime({ serverName, verify }: Pick<ConnectOptions, 'serverName' | 'verify'>, owner: string): void {
  if (!('Deno' in globalThis)) return
  const unsupported = (field: string, advice: string) => new KubeconfigError(`${owner}: ${field} is not supported in Deno; ${advice}`)
  if (!verify) throw unsupported('insecure-skip-tls-verify', 'give the cluster its certificate-authority')
  if (serverName) throw unsupported('tls-server-name', "use a server URL with the certificate's own name")
}

/**
 * Prepares connections, by the means of the runtime: `Deno.createHttpClient`, Bun's `tls` option, undici in Node.
 *
 * @throws KubeconfigError when it is Node, and undici is not installed or does not load.
 */
export async function connect(options: ConnectOptions): Promise<Transport> {
  const { Deno, Bun } = globalThis as Runtime
  if (Deno) return connectInDeno(Deno, options)
  return Bun ? connectInBun(options) : connectInNode(await loadUndici(), options)
}

/**
 * Loads what {@link connect} needs. A kubeconfig is refused without it: a request that finds out would be retried as if a connection was lost.
 *
 * @throws as {@link connect}.
 */
export async function prepareRuntime(): Promise<void> {
  const { Deno, Bun } = globalThis as Runtime
  if (!Deno && !Bun) await loadUndici()
}

/**
 * Loads undici.
 *
 * @param load Imports it. The cast is for the compiler only, bundlers do not see it: undici's own types bring Node's to all sources.
 * @param nodeVersion Such as `20.20.2`: undici 8 needs 22.19.
 * @throws KubeconfigError when it is not installed or does not load.
 */
export function loadUndici(
  load: () => Promise<Undici> = () => import('undici' as string),
  nodeVersion: string = (globalThis as Runtime).process?.versions.node ?? '',
): Promise<Undici> {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number)
  const version = major < 22 || (major === 22 && minor < 19) ? '@7' : ''
  return loadPeer('undici', load, 'to reach a cluster Node needs', version)
}

function connectInNode({ Agent, ProxyAgent, fetch }: Undici, { ca, certificate, serverName, verify, proxy }: ConnectOptions): Transport {
  const tls = { ...certificate, ...(ca && { ca }), ...(serverName && { servername: serverName }), rejectUnauthorized: verify }
  const patience = { bodyTimeout: 0, headersTimeout: 0 }
  const dispatcher = proxy ? new ProxyAgent({ uri: proxy, requestTls: tls, ...patience }) : new Agent({ connect: tls, ...patience })
  return {
    async fetch(request, signal) {
      // undici knows neither the global Request nor a length for a stream; bodies are objects that were in memory anyway.
      const body = request.body && (await request.arrayBuffer())
      const { method, redirect } = request
      const sent = fetch(request.url, { method, redirect, headers: [...request.headers], body, signal, dispatcher })
      const response = await sent.catch(throwCause(signal))
      const { status, statusText } = response
      return new Response(response.body, { status, statusText, headers: [...response.headers] })
    },
    close: () => dispatcher.close(),
  }
}

function connectInDeno(Deno: Deno, { ca, certificate, proxy }: ConnectOptions): Transport {
  const client = Deno.createHttpClient({ ...certificate, ...(ca && { caCerts: [ca] }), ...(proxy && { proxy: proxyForDeno(proxy) }) })
  const close = async () => client.close()
  return { fetch: (request, signal) => fetch(request, { client, signal } as RequestInit).catch(throwCause(signal)), close }
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
  return { fetch: (request, signal) => fetch(request, { ...options, signal } as RequestInit), close: async () => undefined }
}

/** "fetch failed" says nothing; which certificate is not trusted, or what refuses connections, is in its cause. */
const throwCause = (signal: AbortSignal) => (error: unknown) => {
  signal.throwIfAborted()
  throw error instanceof TypeError && error.cause instanceof Error && error.cause.message ? error.cause : error
}
