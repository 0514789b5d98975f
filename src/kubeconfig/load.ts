// Loads a kubeconfig, or a pod's service account, into a connection for KubeClient.

import { systemClock } from '../internal/clock'
import type { Seams } from '../internal/seams'
import { prepareRuntime } from './connect'
import { type ClusterConnection, type ConnectionPlan, openConnection } from './connection'
import { credentialReader } from './credentials'
import { checkKubeconfig, type KubeconfigFile } from './documents'
import { KubeconfigError } from './error'
import { credentialFileReader, readBytes, readerOf, textOf } from './files'
import { codeOf, currentHost, type Host, isMissing } from './host'
import { type Located, mergeKubeconfigs, resolveContext } from './merge'
import { checkProxy, planOf } from './plan'
import { proxyFromEnvironment } from './proxy'
import { parseYaml } from './yaml'

/** Options of {@link loadKubeconfig}. */
export interface KubeconfigOptions extends Pick<Seams, 'clock'> {
  /** The only file to read, like kubectl's `--kubeconfig`. Default: the files in `KUBECONFIG`, or else `~/.kube/config`. */
  path?: string | undefined
  /** The name of the context. Default: the current context. */
  context?: string | undefined
  /**
   * Whether requests carry the user's credential (token, client certificate, impersonation). `'omit'` makes a connection for requests that
   * bring credentials of their own. Default `'send'`.
   */
  credentials?: 'send' | 'omit' | undefined
  /** Environment variables that replace those of the process: `KUBECONFIG`, `HOME`, `HTTPS_PROXY` and the environment of plugins. */
  env?: Readonly<Record<string, string | undefined>> | undefined
}

/**
 * Reads a kubeconfig like kubectl, and returns the options for a KubeClient. A pod without a kubeconfig uses its service account. Plugins
 * run and token files are read when a request needs them.
 *
 * @param host the machine to read from; default this one.
 * @returns a connection; dispose of it when the client is no longer used.
 * @throws KubeconfigError naming file, context and field: when there is no kubeconfig, when it is invalid or uses something unsupported, or
 *   when a package is not installed (`yaml`; in Node also `undici`).
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
  if (options.path && files.length === 0) throw new KubeconfigError(`${options.path} does not exist`)
  const target = resolveContext(mergeKubeconfigs(files), options.context)
  if (target) return openConnection(chosen(await planOf(target, host, options.clock ?? systemClock), options))
  if (await isInCluster(host)) return inClusterConfig(options, host)
  const searched = paths.length > 0 ? `looked in ${paths.join(', ')}` : 'neither KUBECONFIG nor HOME is set'
  throw new KubeconfigError(
    files.length > 0
      ? `${files.map(({ file }) => file).join(', ')}: current-context is not set; set it (kubectl config use-context) or pass { context }`
      : `there is no kubeconfig, and this is not a pod; ${searched}`,
  )
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

/**
 * Connects a pod with its service account. Reads the token again when it is rotated.
 *
 * @param host the machine to read from; default this one.
 * @throws KubeconfigError outside a pod, or when the files of the service account cannot be read.
 * @see client-go `rest.InClusterConfig`
 */
export async function inClusterConfig(
  options: Pick<KubeconfigOptions, 'credentials' | 'env' | 'clock'> = {},
  host: Host = currentHost(options.env),
): Promise<ClusterConnection> {
  const { KUBERNETES_SERVICE_HOST: name, KUBERNETES_SERVICE_PORT: port, POD_NAMESPACE: podNamespace } = host.env
  if (!name || !port) throw new KubeconfigError('this is not a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set')
  await prepareRuntime()
  const { clock = systemClock } = options
  const owner = 'service account'
  const read = async (name: string) => textOf(await readerOf(host, owner)(`${SERVICE_ACCOUNT}/${name}`, 'mounted file'), owner)
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
  return openConnection(chosen(plan, options))
}

/** Leaves out the credentials of a plan unless they are to be sent. */
function chosen(plan: ConnectionPlan, { credentials = 'send' }: Pick<KubeconfigOptions, 'credentials'>): ConnectionPlan {
  if (credentials === 'send') return plan
  return { ...plan, headers: undefined, impersonate: undefined, credential: () => async () => ({}) }
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
