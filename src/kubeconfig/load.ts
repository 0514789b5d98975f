import { type Clock, systemClock } from '../internal/clock'
import { prepareRuntime } from './connect'
import { type ClusterConnection, openConnection } from './connection'
import { credentialReader } from './credentials'
import { checkKubeconfig, type KubeconfigFile } from './documents'
import { KubeconfigError } from './error'
import { credentialFileReader, readBytes, readerOf, textOf } from './files'
import { codeOf, currentHost, type Host, isMissing } from './host'
import { type Located, mergeKubeconfigs, resolveContext } from './merge'
import { checkProxy, planOf } from './plan'
import { proxyFromEnvironment } from './proxy'
import { parseYaml } from './yaml'

/** Which kubeconfig to read. */
export interface KubeconfigOptions {
  /** The one file to read, as kubectl's `--kubeconfig`. Default: those in `KUBECONFIG`, or else `~/.kube/config`. */
  path?: string | undefined
  /** Default: the current context. */
  context?: string | undefined
  /** In place of the process's own variables: `KUBECONFIG`, `HOME`, `HTTPS_PROXY` and what plugins are started with. */
  env?: Readonly<Record<string, string | undefined>> | undefined
  /** Says when credentials expire, and how long a plugin takes. Default: the runtime's. */
  clock?: Clock | undefined
}

/**
 * Reads a kubeconfig as kubectl does, and makes of it what a KubeClient takes. A pod without one is connected with its service account.
 * Plugins are run, and token files read, when a request needs them.
 *
 * @param host The machine to read from. Default: this one.
 * @returns what the caller disposes of when the client is no longer used.
 * @throws KubeconfigError naming file, context and field: there is no kubeconfig; it is not valid; it needs what is not supported, or a package that is
 *   not installed (`yaml`; in Node `undici`).
 * @see client-go `clientcmd.NewDefaultClientConfigLoadingRules`, `clientcmd.DeferredLoadingClientConfig`
 * @example
 * ```ts
 * await using connection = await loadKubeconfig({ context: 'staging' })
 * const client = new KubeClient(connection)
 * const pods = await client.list(Pod, { namespace: connection.namespace })
 * ```
 */
export async function loadKubeconfig(options: KubeconfigOptions = {}, host: Host = currentHost(options.env)): Promise<ClusterConnection> {
  await prepareRuntime()
  const paths = pathsOf(options.path, host)
  const files = (await Promise.all(paths.map((path) => readKubeconfig(path, host)))).filter((file) => file !== undefined)
  if (options.path && files.length === 0) throw new KubeconfigError(`${options.path}: there is no such file`)
  const target = resolveContext(mergeKubeconfigs(files), options.context)
  if (target) return openConnection(await planOf(target, host, options.clock ?? systemClock))
  if (await isInCluster(host)) return inClusterConfig(options, host)
  const looked = paths.join(', ') || 'nowhere: neither KUBECONFIG nor HOME is set'
  throw new KubeconfigError(
    files.length > 0
      ? `${files.map(({ file }) => file).join(', ')}: current-context is not set; set it (kubectl config use-context) or pass { context }`
      : `there is no kubeconfig, and this is not a pod; looked in ${looked}`,
  )
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

/**
 * Connects a pod with its service account. The token is read again as it is rotated.
 *
 * @param host The machine to read from. Default: this one.
 * @throws KubeconfigError outside a pod, or when the service account's files cannot be read.
 * @see client-go `rest.InClusterConfig`
 */
export async function inClusterConfig(
  options: Pick<KubeconfigOptions, 'env' | 'clock'> = {},
  host: Host = currentHost(options.env),
): Promise<ClusterConnection> {
  const { KUBERNETES_SERVICE_HOST: name, KUBERNETES_SERVICE_PORT: port, POD_NAMESPACE: podNamespace } = host.env
  if (!name || !port) throw new KubeconfigError('this is not a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set')
  await prepareRuntime()
  const { clock = systemClock } = options
  const owner = 'service account'
  const read = async (name: string) => textOf(await readerOf(host, owner)(`${SERVICE_ACCOUNT}/${name}`, 'the pod'), owner)
  const baseUrl = `https://${name.includes(':') ? `[${name}]` : name}:${port}`
  const reader = credentialReader({ tokenFile: `${SERVICE_ACCOUNT}/token` }, credentialFileReader(host, owner), clock)
  const plan = {
    baseUrl,
    context: undefined,
    namespace: podNamespace || (await read('namespace').catch(() => '')).trim() || 'default',
    ca: await read('ca.crt'),
    verify: true,
    proxy: checkProxy(proxyFromEnvironment(new URL(baseUrl), host.env), 'the environment'),
    credential: () => reader,
    clock,
  }
  return openConnection(plan)
}

async function isInCluster(host: Host): Promise<boolean> {
  if (!host.env.KUBERNETES_SERVICE_HOST || !host.env.KUBERNETES_SERVICE_PORT) return false
  return readBytes(host, `${SERVICE_ACCOUNT}/token`).then(
    () => true,
    () => false,
  )
}

function pathsOf(path: string | undefined, { env, listSeparator }: Host): string[] {
  if (path) return [path]
  if (env.KUBECONFIG) return [...new Set(env.KUBECONFIG.split(listSeparator).filter(Boolean))]
  const home = env.HOME || env.USERPROFILE
  return home ? [`${home}/.kube/config`] : []
}

async function readKubeconfig(file: string, host: Host): Promise<Located<KubeconfigFile> | undefined> {
  const bytes = await readBytes(host, file).catch((error) => {
    if (isMissing(error)) return undefined
    throw error instanceof KubeconfigError ? error : new KubeconfigError(`${file} cannot be read (${codeOf(error)})`)
  })
  return bytes && { file, value: checkKubeconfig(await parseYaml(textOf(bytes, file), file), file) }
}
