// The command `relay`: serves resources of a cluster from memory, and passes everything else on.
import { KubeError } from '../api/errors'
import type { Host, OptionConfig } from './host'
import type { RunningServer } from './listen'
import { parseOptions, severalOf } from './options'
import { UsageError } from './usage-error'

/** The help text of the command. */
export const relayUsage = `Usage: kubeflect relay --resource <name>… [--server <url> | --kubeconfig <file> [--context <name>]] [--listen <address>] [--tls-cert-file <file> --tls-private-key-file <file>] [--authorize none] [--verbose]

Holds one watch of each resource and serves any number of clients from it, until Ctrl-C or SIGTERM. Everything else is passed on:
kubectl --server http://127.0.0.1:8002 get pods --watch

  --resource <name>     A resource to serve from memory, as kubectl names it: pods, deployments.apps. May be given several times.
                        Secrets are kept in memory only if they are named here; nothing is stored.
  --server <url>        The API server, reached without credentials, such as http://127.0.0.1:8001 (kubectl proxy).
  --kubeconfig <file>   Connect as kubectl does. Default without --server: KUBECONFIG, ~/.kube/config, or the pod's service account.
  --context <name>      The context of the kubeconfig. Default: the current one.
  --listen <address>    Default: 127.0.0.1:8002. Port 0 takes any free one.
  --tls-cert-file <file>, --tls-private-key-file <file>
                        Serve HTTPS with this certificate. kubectl sends the caller's credential over HTTPS only.
  --authorize none      Let everyone who reaches the port use the relay's own credential, as kubectl proxy does. Default: the API server
                        reviews each read with the credential of the caller.
  --verbose             Print a line for each request to the API server.
  --help                Print this.

GET /metrics counts watchers, deliveries, requests, proofs and slow watchers, in Prometheus' text format.`

const options: Readonly<Record<string, OptionConfig>> = {
  resource: { type: 'string', multiple: true },
  server: { type: 'string' },
  kubeconfig: { type: 'string' },
  context: { type: 'string' },
  listen: { type: 'string' },
  'tls-cert-file': { type: 'string' },
  'tls-private-key-file': { type: 'string' },
  authorize: { type: 'string' },
  verbose: { type: 'boolean' },
}

const DEFAULT_LISTEN = '127.0.0.1:8002'
const MAX_PORT = 65_535

/** The settings of a relay. */
export interface RelayChoice {
  /** The names of the resources, as the user wrote them. */
  readonly resources: readonly string[]
  readonly server: string | undefined
  readonly kubeconfig: string | undefined
  readonly context: string | undefined
  readonly address: string
  readonly port: number
  /** The certificate and the private key, PEM; undefined for HTTP. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined
  /** Whose rights decide: those of each caller, or the relay's own for everyone. */
  readonly authorize: 'callers' | 'none'
  /** Called with a line about each request to the API server; undefined without `--verbose`. */
  readonly log: ((line: string) => void) | undefined
}

/** A running relay. */
export interface RunningRelay extends RunningServer {
  /** The names of the resources that are served from memory. */
  readonly resources: readonly string[]
  /** The URL of the API server. */
  readonly upstream: string
}

/** Connects and listens. @throws KubeError when there is no cluster, no such resource, or the port is in use */
export type ServeRelay = (choice: RelayChoice) => Promise<RunningRelay>

/**
 * Serves until the process receives SIGINT or SIGTERM.
 *
 * @param args after `relay`.
 * @throws UsageError for invalid arguments; KubeError as {@link ServeRelay} does.
 */
export async function relay(args: readonly string[], host: Host, serve: ServeRelay): Promise<void> {
  const choice = await parse(args, host)
  const { url, resources, upstream, closed } = await serve(choice)
  host.print(url)
  host.print(`serves ${resources.join(', ')} from memory, and passes everything else on to ${upstream}`)
  if (choice.authorize === 'none') host.complain('kubeflect: everyone who reaches this port has the rights of the relay (--authorize none)')
  await closed
}

async function parse(args: readonly string[], host: Host): Promise<RelayChoice> {
  const values = parseOptions(args, host, { options, usage: relayUsage })
  const refuse = (message: string): never => {
    throw new UsageError(message, relayUsage)
  }
  const text = (name: string) => (typeof values[name] === 'string' ? values[name] : undefined)
  const resources = severalOf(values, 'resource')
  if (resources.length === 0) refuse('name at least one resource to serve: --resource pods')
  const [server, kubeconfig, context, authorize] = [text('server'), text('kubeconfig'), text('context'), text('authorize')]
  if (server !== undefined && (kubeconfig !== undefined || context !== undefined))
    refuse('--server is reached without a kubeconfig: leave out --kubeconfig and --context, or --server')
  if (server !== undefined && !(URL.canParse(server) && /^https?:$/.test(new URL(server).protocol)))
    refuse(`--server must be a URL such as http://127.0.0.1:8001, got ${JSON.stringify(server)}`)
  if (authorize !== undefined && authorize !== 'none') refuse(`--authorize takes only the value none, got ${JSON.stringify(authorize)}`)
  const listen = text('listen') ?? DEFAULT_LISTEN
  const [, address = '', digits = ''] =
    /^(?:\[([\da-f:.]+)\]|([\w.-]+)):(\d{1,5})$/i.exec(listen)?.filter((part) => part !== undefined) ?? []
  if (!address || Number(digits) > MAX_PORT)
    refuse(`--listen must be an address and a port such as ${DEFAULT_LISTEN}, got ${JSON.stringify(listen)}`)
  const [certFile, keyFile] = [text('tls-cert-file'), text('tls-private-key-file')]
  if ((certFile === undefined) !== (keyFile === undefined)) refuse('HTTPS needs both --tls-cert-file and --tls-private-key-file')
  const [cert, key] = await Promise.all([certFile, keyFile].map((file) => file && host.readFile(file)))
  for (const [file, found] of [
    [certFile, cert],
    [keyFile, key],
  ])
    if (file !== undefined && found === undefined) refuse(`${file} does not exist`)
  const log = values.verbose ? (line: string) => host.complain(line) : undefined
  return {
    resources,
    server,
    kubeconfig,
    context,
    address,
    port: Number(digits),
    tls: cert && key ? { cert, key } : undefined,
    authorize: authorize ? 'none' : 'callers',
    log,
  }
}

/** The error of a resource that the API server does not have. */
export const noSuchResource = (name: string, nearest: readonly string[]): KubeError =>
  new KubeError(
    `--resource ${name}: the API server has no such resource${nearest.length > 0 ? `; did you mean ${nearest.join(' or ')}?` : ''}`,
  )
