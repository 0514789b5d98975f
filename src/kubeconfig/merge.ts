// Merges kubeconfig files and resolves a context to its cluster and user.

import { anonymousUser, type Cluster, type Context, enumerated, type KubeconfigFile, type User } from './documents'
import { KubeconfigError } from './error'

/** A part of a kubeconfig with the file that defines it. Messages name the file, and paths are relative to it. */
export interface Located<T> {
  readonly file: string
  readonly value: T
}

/** The merged content of several kubeconfig files. */
export interface Kubeconfig {
  readonly currentContext: string
  readonly clusters: ReadonlyMap<string, Located<Cluster>>
  readonly users: ReadonlyMap<string, Located<User>>
  readonly contexts: ReadonlyMap<string, Located<Context>>
}

/** A context with the cluster and user it refers to. */
export interface Target {
  readonly context: string
  readonly namespace: string
  readonly cluster: Located<Cluster>
  readonly user: Located<User>
}

/**
 * Merges kubeconfig files. When several files define the same name, the first definition wins as a whole.
 *
 * @see client-go `clientcmd.ClientConfigLoadingRules.Load`
 */
export function mergeKubeconfigs(files: readonly Located<KubeconfigFile>[]): Kubeconfig {
  const clusters = new Map<string, Located<Cluster>>()
  const users = new Map<string, Located<User>>()
  const contexts = new Map<string, Located<Context>>()
  for (const { file, value } of files) {
    for (const { name, cluster } of value.clusters) keepFirst(clusters, name, { file, value: cluster })
    for (const { name, user } of value.users) keepFirst(users, name, { file, value: user })
    for (const { name, context } of value.contexts) keepFirst(contexts, name, { file, value: context })
  }
  const currentContext = files.map(({ value }) => value['current-context']).find(Boolean) ?? ''
  return { currentContext, clusters, users, contexts }
}

function keepFirst<T>(map: Map<string, T>, name: string, value: T): void {
  if (!map.has(name)) map.set(name, value)
}

/**
 * Resolves a context to its cluster and user, and checks that they can be used.
 *
 * @param name the name of the context; default the current one.
 * @returns `undefined` when there is neither a name nor a current context.
 * @throws KubeconfigError naming the file, the context and every field that is wrong or unsupported.
 * @see client-go `clientcmd.ConfirmUsable`
 */
export function resolveContext(kubeconfig: Kubeconfig, name: string = kubeconfig.currentContext): Target | undefined {
  if (!name) return undefined
  const { clusters, users, contexts } = kubeconfig
  const context = contexts.get(name)
  if (!context) throw new KubeconfigError(`there is no context ${JSON.stringify(name)}; ${definedIn(contexts)}`)
  const cluster = clusters.get(context.value.cluster)
  const user = userOf(users.get(context.value.user), context, cluster)
  const problems = [
    ...(cluster ? clusterProblems(cluster.value).map(inEntry('cluster', context.value.cluster, cluster)) : []),
    ...(user ? userProblems(user.value).map(inEntry('user', context.value.user, user)) : []),
    ...(cluster ? [] : [missing('cluster', context.value.cluster, clusters)]),
    ...(user ? [] : [missing('user', context.value.user, users)]),
  ]
  if (!cluster || !user || problems.length > 0)
    throw new KubeconfigError(`context ${JSON.stringify(name)} (${context.file}): ${problems.join('; ')}`)
  return { context: name, namespace: context.value.namespace || 'default', cluster, user }
}

/**
 * Returns the user of a context. As in kubectl, a context without a user is anonymous. Over plain HTTP every user is anonymous, because no
 * credentials are sent. Over TLS an unknown user name is an error; kubectl would prompt for a password.
 */
function userOf(
  user: Located<User> | undefined,
  { file, value }: Located<Context>,
  cluster: Located<Cluster> | undefined,
): Located<User> | undefined {
  if (user) return user
  return value.user === '' || cluster?.value.server.toLowerCase().startsWith('http://') ? { file, value: anonymousUser() } : undefined
}

const missing = (field: string, name: string, map: ReadonlyMap<string, unknown>): string =>
  name === '' ? `${field} is not set; ${definedIn(map)}` : `${field} names ${JSON.stringify(name)}, but ${definedIn(map)}`

const definedIn = (map: ReadonlyMap<string, unknown>): string =>
  map.size === 0 ? 'none is defined' : `defined: ${enumerated([...map.keys()].map((key) => JSON.stringify(key)))}`

const inEntry =
  (kind: string, name: string, { file }: Located<unknown>) =>
  (problem: string) =>
    `${kind} ${JSON.stringify(name)} (${file}): ${problem}`

function clusterProblems(cluster: Cluster): string[] {
  const problems = [...both(cluster, 'certificate-authority')]
  if (!URL.canParse(cluster.server) || !/^https?:\/\//i.test(cluster.server))
    problems.push('server must be a URL that begins with https:// or http://')
  else if (new URL(cluster.server).username || new URL(cluster.server).password)
    problems.push('server must have no user and no password; give the user a username and a password')
  const hasAuthority = cluster['certificate-authority'] || cluster['certificate-authority-data']
  if (cluster['insecure-skip-tls-verify'] && hasAuthority)
    problems.push('insecure-skip-tls-verify and certificate-authority are mutually exclusive; remove one')
  return problems
}

function userProblems(user: User): string[] {
  const problems = [...both(user, 'client-certificate'), ...both(user, 'client-key')]
  const hasCertificate = user['client-certificate'] || user['client-certificate-data']
  const hasKey = user['client-key'] || user['client-key-data']
  if (hasCertificate && !hasKey) problems.push('client-certificate needs client-key or client-key-data')
  if (hasKey && !hasCertificate) problems.push('client-key needs client-certificate or client-certificate-data')
  if (user.token && (user.username || user.password)) problems.push('token and username are mutually exclusive; remove one')
  if (user['auth-provider'])
    problems.push('auth-provider is not supported (Kubernetes removed it); use an exec plugin of your provider, such as kubelogin')
  return [...problems, ...execProblems(user), ...impersonationProblems(user)]
}

const execVersions: readonly string[] = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1']
const interactiveModes: readonly string[] = ['Never', 'IfAvailable', 'Always']

function execProblems({ exec }: User): string[] {
  if (!exec) return []
  const problems: string[] = []
  if (!exec.command) problems.push('exec.command is missing')
  if (!execVersions.includes(exec.apiVersion))
    problems.push(`exec.apiVersion must be ${execVersions.join(' or ')}; update the plugin and this field when it is older`)
  if (exec.env.some(({ name }) => !name)) problems.push('exec.env has a variable without a name')
  const isOptional = exec.apiVersion !== execVersions[0] && !exec.interactiveMode
  if (!isOptional && !interactiveModes.includes(exec.interactiveMode))
    problems.push(`exec.interactiveMode must be one of ${interactiveModes.join(', ')}`)
  return problems
}

function impersonationProblems(user: User): string[] {
  const problems: string[] = []
  const extra = Object.values(user['as-user-extra'])
  if (!user.as && (user['as-uid'] || user['as-groups'].length > 0 || extra.length > 0))
    problems.push('as-uid, as-groups and as-user-extra need as, the user to impersonate')
  // fetch joins headers of the same name with a comma, and the API server reads the result as one value.
  if (user['as-groups'].length > 1)
    problems.push('as-groups can have only one group, because fetch cannot repeat a header; grant the permissions to one group')
  if (extra.some((values) => values.length > 1))
    problems.push('as-user-extra can have only one value for each key, because fetch cannot repeat a header')
  return problems
}

function both<K extends string>(entry: Readonly<Record<K | `${K}-data`, string>>, field: K): string[] {
  return entry[field] && entry[`${field}-data`] ? [`${field} and ${field}-data are mutually exclusive; remove one`] : []
}
