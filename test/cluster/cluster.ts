// Starts a real control plane for tests.

import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildCluster } from './build.ts'
import { type Component, freePorts, startComponent, until } from './component.ts'

/** Additional flags of a cluster's processes. */
export interface ClusterOptions {
  /** Flags of the API server, such as `--feature-gates=WatchList=false`. */
  apiServerFlags?: readonly string[] | undefined
  /** Flags of `kubectl proxy`, such as `--www=dist`. */
  proxyFlags?: readonly string[] | undefined
  /** Controllers besides those that each cluster runs, such as `serviceaccount-controller`. */
  controllers?: readonly string[] | undefined
  /** The controllers that each cluster runs. Default: those of workloads, garbage and namespaces. */
  baseControllers?: readonly string[] | undefined
}

/** A real Kubernetes control plane on 127.0.0.1: etcd, kube-apiserver, controller manager and `kubectl proxy`; no nodes. */
export interface Cluster extends AsyncDisposable {
  /** The URL of `kubectl proxy` as cluster admin: http, without a trailing slash. */
  readonly proxyUrl: string
  /** The URL of the API server: https with a self-signed certificate, without a trailing slash. */
  readonly serverUrl: string
  /** The certificate authority of the API server, PEM. */
  readonly certificateAuthority: string
  /** The path of the cluster admin's kubeconfig. */
  readonly kubeconfig: string
  /** The bearer token of a cluster admin. */
  readonly adminToken: string
  /** The bearer token of the user `viewer`, which has no permissions until a role binding grants them. */
  readonly viewerToken: string
  /** The processes of the cluster. */
  readonly pids: readonly number[]
  /**
   * Runs kubectl as cluster admin.
   *
   * @returns the text of stdout.
   * @throws Error with the text of stderr when it fails.
   */
  kubectl(args: readonly string[], options?: { input?: string | undefined }): Promise<string>
  /** Restarts the API server with the same data and port, and with other flags if given. */
  restartApiServer(options?: Pick<ClusterOptions, 'apiServerFlags'>): Promise<void>
  /**
   * Compacts etcd up to a revision (default: the current one). The API server's watch caches keep older events until it is restarted.
   *
   * @returns the revision.
   */
  compact(revision?: string): Promise<string>
  /** Stops all processes and removes the data. */
  stop(): Promise<void>
}

const adminToken = 'admintoken'
const viewerToken = 'viewtoken'
const controllers = [
  'deployment-controller',
  'replicaset-controller',
  'job-controller',
  'garbage-collector-controller',
  'namespace-controller',
]

/**
 * Starts a new cluster, which takes about 5 s once it is built. All of its processes end with this one.
 *
 * @throws Error when it cannot be built, or a component does not start.
 */
export async function startCluster({
  apiServerFlags = [],
  proxyFlags = [],
  controllers: more = [],
  baseControllers = controllers,
}: ClusterOptions = {}): Promise<Cluster> {
  const binary = await buildCluster()
  const directory = mkdtempSync(join(tmpdir(), 'kubeflect-cluster-'))
  const path = (name: string) => join(directory, name)
  const [etcdPort = 0, apiPort = 0] = await freePorts(2)
  const etcdUrl = `http://127.0.0.1:${etcdPort}`
  const serverUrl = `https://127.0.0.1:${apiPort}`
  const running = new Map<string, Component>()

  const start = (name: string, args: readonly string[]) => {
    const component = startComponent(binary, name, args, path(`${name}.log`))
    running.set(name, component)
    return component
  }
  const stopWatchingSignals = onEnd(() => {
    for (const { pid } of running.values()) kill(pid)
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  })
  const stop = async () => {
    await Promise.all([...running.values()].map((component) => component.kill()))
    running.clear()
    rmSync(directory, { recursive: true, force: true })
    stopWatchingSignals()
  }

  const startApiServer = async (flags: readonly string[]) => {
    const server = start('kube-apiserver', [
      ...[`--etcd-servers=${etcdUrl}`, '--bind-address=127.0.0.1', `--secure-port=${apiPort}`, `--cert-dir=${path('certs')}`],
      // A reserved documentation address, so that machines without a network need not detect one.
      ...['--advertise-address=192.0.2.1', '--service-cluster-ip-range=10.0.0.0/24'],
      ...[`--token-auth-file=${path('tokens.csv')}`, '--authorization-mode=RBAC', '--disable-admission-plugins=ServiceAccount'],
      ...['--service-account-issuer=https://cluster.test', `--service-account-key-file=${path('service-account.pub')}`],
      `--service-account-signing-key-file=${path('service-account.key')}`,
      // Ends open watches at shutdown. The API server would wait a minute for them, which would delay tests with restarts.
      '--shutdown-watch-termination-grace-period=3s',
      ...flags,
    ])
    await until('the API server to be ready', async () => {
      server.assertRunning()
      return (await isReady(serverUrl, path('certs/apiserver.crt'))) || undefined
    })
  }

  try {
    writeFiles(directory, serverUrl)
    start('etcd', [
      ...[`--data-dir=${path('etcd')}`, '--unsafe-no-fsync', '--log-level=error', '--listen-peer-urls=http://127.0.0.1:0'],
      ...[`--listen-client-urls=${etcdUrl}`, `--advertise-client-urls=${etcdUrl}`],
    ])
    await startApiServer(apiServerFlags)
    const manager = start('kube-controller-manager', [
      ...['kubeconfig', 'authentication-kubeconfig', 'authorization-kubeconfig'].map((flag) => `--${flag}=${path('kubeconfig')}`),
      ...['--leader-elect=false', '--secure-port=0', `--service-account-private-key-file=${path('service-account.key')}`],
      `--root-ca-file=${path('certs/apiserver.crt')}`,
      `--controllers=${[...baseControllers, ...more].join(',')}`,
    ])
    const proxy = start('kubectl', ['proxy', `--kubeconfig=${path('kubeconfig')}`, '--port=0', ...proxyFlags])
    const proxyUrl = await until('kubectl proxy to be ready', () => {
      proxy.assertRunning()
      const address = /Starting to serve on (127\.0\.0\.1:\d+)/.exec(proxy.log())
      return address ? `http://${address[1]}` : undefined
    })
    manager.assertRunning()

    let flags = apiServerFlags
    return {
      proxyUrl,
      serverUrl,
      certificateAuthority: readFileSync(path('certs/apiserver.crt'), 'utf8'),
      kubeconfig: path('kubeconfig'),
      adminToken,
      viewerToken,
      get pids() {
        return [...running.values()].map(({ pid }) => pid)
      },
      kubectl: (args, { input = '' } = {}) =>
        run(binary, ['kubectl', `--kubeconfig=${path('kubeconfig')}`, `--cache-dir=${path('cache')}`, ...args], input),
      async restartApiServer({ apiServerFlags = flags } = {}) {
        flags = apiServerFlags
        await running.get('kube-apiserver')?.stop()
        await startApiServer(flags)
      },
      async compact(revision) {
        const wanted = revision ?? (await newestRevision(proxyUrl))
        const response = await fetch(`${etcdUrl}/v3/kv/compaction`, { method: 'POST', body: JSON.stringify({ revision: wanted }) })
        if (!response.ok) throw new Error(`etcd refuses to compact to ${wanted}: ${await response.text()}`)
        return wanted
      },
      stop,
      [Symbol.asyncDispose]: stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function writeFiles(directory: string, serverUrl: string): void {
  const write = (name: string, text: string) => writeFileSync(join(directory, name), text, { mode: 0o600 })
  const { publicKey, privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'prime256v1',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  write('service-account.pub', publicKey)
  write('service-account.key', privateKey)
  write('tokens.csv', `${adminToken},admin,admin,"system:masters"\n${viewerToken},viewer,viewer,"viewers"\n`)
  const named = (kind: string, value: object) => [{ name: 'test', [kind]: value }]
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: named('cluster', { server: serverUrl, 'certificate-authority': 'certs/apiserver.crt' }),
    users: named('user', { token: adminToken }),
    contexts: named('context', { cluster: 'test', user: 'test' }),
    'current-context': 'test',
  }
  write('kubeconfig', JSON.stringify(kubeconfig))
  mkdirSync(join(directory, 'certs'))
}

function isReady(serverUrl: string, certificate: string): Promise<boolean> {
  if (!existsSync(certificate)) return Promise.resolve(false)
  return new Promise((resolve) => {
    const options = { ca: readFileSync(certificate), headers: { authorization: `Bearer ${adminToken}` }, agent: false }
    get(`${serverUrl}/readyz`, options, (response) => resolve(response.resume().statusCode === 200)).on('error', () => resolve(false))
  })
}

async function newestRevision(proxyUrl: string): Promise<string> {
  const response = await fetch(`${proxyUrl}/api/v1/namespaces?limit=1`)
  const list = (await response.json()) as { metadata: { resourceVersion: string } }
  return list.metadata.resourceVersion
}

function run(binary: string, args: readonly string[], input: string): Promise<string> {
  const child = spawn(binary, args, { stdio: 'pipe' })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text))
  // A command may exit before it has read its input; its exit code decides.
  child.stdin.on('error', () => undefined).end(input)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => (code === 0 ? resolve(stdout) : reject(new Error(`${args.join(' ')}: exit code ${code}\n${stderr}`))))
  })
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // The folder or process is already gone.
  }
}

/** Calls `cleanUp` when this process exits in a way that it can detect. Returns a function that cancels this. */
function onEnd(cleanUp: () => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  const onSignal = (signal: NodeJS.Signals) => {
    cleanUp()
    off()
    process.kill(process.pid, signal)
  }
  const off = () => {
    process.off('exit', cleanUp)
    for (const signal of signals) process.off(signal, onSignal)
  }
  process.on('exit', cleanUp)
  for (const signal of signals) process.on(signal, onSignal)
  return off
}
