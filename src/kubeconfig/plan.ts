// Turns a resolved context into the settings of a connection.

import { fromBase64, toBase64 } from '../internal/base64'
import type { Clock } from '../internal/clock'
import { checkRuntime } from './connect'
import type { ConnectionPlan } from './connection'
import { type CredentialParts, credentialReader } from './credentials'
import type { Cluster, User } from './documents'
import { KubeconfigError } from './error'
import { type ExecCluster, execReader } from './exec'
import { credentialFileReader, readerOf } from './files'
import { checkHeaderValue } from './header-value'
import type { Host } from './host'
import type { Located, Target } from './merge'
import { proxyFromEnvironment } from './proxy'
import { decodePem, encodeText } from './text'

/** Resolves a context on this machine: reads its files, picks the proxy and prepares the credential. */
export async function planOf({ context, namespace, cluster, user }: Target, host: Host, clock: Clock): Promise<ConnectionPlan> {
  const { server, ...of } = cluster.value
  const baseUrl = new URL(server)
  baseUrl.search = baseUrl.hash = ''
  const place = (kind: string, { file }: Located<unknown>) => `context ${JSON.stringify(context)}: its ${kind} (${file})`
  const isSecure = baseUrl.protocol === 'https:'
  const authority = isSecure ? await authorityOf(cluster, place('cluster', cluster), host) : undefined
  const given = of['proxy-url'] || undefined
  const security = { serverName: of['tls-server-name'] || undefined, verify: !of['insecure-skip-tls-verify'] }
  checkRuntime(security, place('cluster', cluster))
  return {
    baseUrl: baseUrl.href,
    context,
    namespace,
    ca: authority && decodePem(authority),
    ...security,
    proxy: checkProxy(given, place('cluster', cluster)) ?? checkProxy(proxyFromEnvironment(baseUrl, host.env), 'the environment'),
    headers: {
      ...(of['disable-compression'] && { 'accept-encoding': 'identity' }),
      ...(isSecure && basicOf(user.value)),
      ...extraOf(user.value, place('user', user)),
    },
    impersonate: impersonationOf(user.value, place('user', user)),
    // As in client-go, no credential is sent over plain HTTP.
    credential: isSecure
      ? credentialOf(user, { cluster: execClusterOf(cluster.value, authority), owner: place('user', user) }, host, clock)
      : anonymous,
    clock,
  }
}

const anonymous = () => async () => ({})

function credentialOf(
  { file, value: user }: Located<User>,
  { owner, cluster }: { owner: string; cluster: ExecCluster },
  host: Host,
  clock: Clock,
): ConnectionPlan['credential'] {
  const part = (field: 'client-certificate' | 'client-key') =>
    user[field] ? { file: host.resolve(file, user[field]) } : decodePem(decode(user[`${field}-data`], `${owner}: ${field}-data`))
  const hasCertificate = user['client-certificate'] || user['client-certificate-data']
  const parts: CredentialParts = {
    token: user.token ? checkHeaderValue(user.token, `${owner}: token`) : undefined,
    tokenFile: user.tokenFile ? host.resolve(file, user.tokenFile) : undefined,
    certificate: hasCertificate ? { cert: part('client-certificate'), key: part('client-key') } : undefined,
  }
  const isKnown = parts.token || parts.tokenFile || hasCertificate || user.username || user.password
  if (!user.exec || isKnown) {
    const reader = credentialReader(parts, credentialFileReader(host, owner), clock)
    return () => reader
  }
  // A command with a slash is a path; any other is looked up on the PATH.
  const command = /[/\\]/.test(user.exec.command) ? host.resolve(file, user.exec.command) : user.exec.command
  const plugin = { config: { ...user.exec, command }, owner, cluster }
  return (signal) => execReader(plugin, host, { signal, clock })
}

async function authorityOf({ file, value }: Located<Cluster>, owner: string, host: Host): Promise<Uint8Array | undefined> {
  const { 'certificate-authority': path, 'certificate-authority-data': data } = value
  if (path) return readerOf(host, owner)(host.resolve(file, path), 'certificate-authority')
  return data ? decode(data, `${file}: certificate-authority-data`) : undefined
}

function execClusterOf(cluster: Cluster, authority: Uint8Array | undefined): ExecCluster {
  const {
    server,
    'tls-server-name': name,
    'insecure-skip-tls-verify': insecure,
    'proxy-url': proxy,
    'disable-compression': plain,
  } = cluster
  return {
    server,
    ...(name && { 'tls-server-name': name }),
    ...(insecure && { 'insecure-skip-tls-verify': insecure }),
    ...(authority && { 'certificate-authority-data': toBase64(authority) }),
    ...(proxy && { 'proxy-url': proxy }),
    ...(plain && { 'disable-compression': plain }),
    config: cluster.extensions.find((one) => one.name === 'client.authentication.k8s.io/exec')?.extension ?? null,
  }
}

function impersonationOf({ as: user, 'as-uid': uid, 'as-groups': groups }: User, owner: string): ConnectionPlan['impersonate'] {
  for (const [field, value] of [['as', user], ['as-uid', uid], ...groups.map((group) => ['as-groups', group])] as const)
    checkHeaderValue(value ?? '', `${owner}: ${field}`)
  return user ? { user, groups, ...(uid && { uid }) } : undefined
}

function extraOf({ 'as-user-extra': extra }: User, owner: string): Record<string, string> {
  const checked = (value: string, key: string) => checkHeaderValue(value, `${owner}: as-user-extra ${JSON.stringify(key)}`)
  return Object.fromEntries(
    Object.entries(extra).flatMap(([key, [value]]) =>
      value === undefined ? [] : [[`Impersonate-Extra-${headerName(key)}`, checked(value, key)]],
    ),
  )
}

/** Percent-encodes the characters that a header name cannot hold, and the percent sign. */
function headerName(text: string): string {
  const encode = (byte: number) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  return text.replace(/[^\w!#$&'*+.^`|~-]+/g, (part) => [...new TextEncoder().encode(part)].map(encode).join(''))
}

function basicOf({ username, password }: User): Record<string, string> {
  if (!username && !password) return {}
  return { authorization: `Basic ${toBase64(encodeText(`${username}:${password}`))}` }
}

/**
 * Checks the URL of a proxy. @throws KubeconfigError when it cannot be used; the message leaves out the URL, which may contain a password.
 */
export function checkProxy(proxy: string | undefined, owner: string): string | undefined {
  if (proxy !== undefined && !(URL.canParse(proxy) && /^https?:/.test(proxy)))
    throw new KubeconfigError(
      `${owner}: the proxy's URL must begin with http:// or https://; SOCKS is not supported, use an HTTP proxy in front of it`,
    )
  return proxy
}

function decode(data: string, field: string): Uint8Array {
  try {
    return fromBase64(data)
  } catch {
    throw new KubeconfigError(`${field} is not base64`)
  }
}
