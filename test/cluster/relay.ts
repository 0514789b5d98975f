// Starts relays in front of a real API server.
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import type { Resource } from '../../src/api/resource'
import { loadKubeconfig } from '../../src/kubeconfig'
import { createRelay, type RelayEvent, type RelayOptions } from '../../src/relay'
import { ConfigMap, Pod } from '../../src/resources/core/v1'
import { createAuthority } from '../kubeconfig/certificates.ts'
import { serve } from '../support/http.ts'
import { buildCluster } from './build.ts'
import type { Cluster } from './cluster.ts'

/** A relay on a port, in front of a cluster. It reviews its callers unless told otherwise. */
export interface ClusterRelay extends AsyncDisposable {
  readonly url: string
  /** The certificate of its authority, PEM. */
  readonly certificateAuthority: string
  /** The flags that make kubectl use the relay. */
  readonly flags: readonly string[]
  readonly relay: ReturnType<typeof createRelay>
  readonly events: RelayEvent[]
}

/** Starts a relay for pods and config maps, connected as kubectl is, and waits until it follows the API server. */
export async function startClusterRelay(cluster: Cluster, options: Partial<RelayOptions> = {}): Promise<ClusterRelay> {
  const own = await loadKubeconfig({ path: cluster.kubeconfig })
  const callers = await loadKubeconfig({ path: cluster.kubeconfig, credentials: 'omit' })
  const events: RelayEvent[] = []
  const relay = createRelay({
    client: own,
    callerFetch: callers.fetch,
    resources: [Pod as Resource, ConfigMap as Resource],
    onError: () => undefined,
    onEvent: (event) => events.push(event),
    ...options,
  })
  await relay.whenSynced()
  // kubectl sends its credential over TLS only.
  const authority = createAuthority()
  const http = await serve(relay.fetch, { tls: authority.server('127.0.0.1') })
  const certificate = `${cluster.kubeconfig}-${new URL(http.url).port}.crt`
  writeFileSync(certificate, authority.cert)
  return {
    url: http.url,
    certificateAuthority: authority.cert,
    flags: [`--server=${http.url}`, `--certificate-authority=${certificate}`],
    relay,
    events,
    async [Symbol.asyncDispose]() {
      await relay.close()
      await http.close()
      await own.close()
      await callers.close()
    },
  }
}

/** A kubectl that keeps running. */
export interface RunningKubectl extends AsyncDisposable {
  /** Everything that it has printed. */
  readonly output: string
  /** Whether it runs. */
  readonly isRunning: boolean
}

/** Starts kubectl, with the credential of the cluster admin. */
export async function startKubectl(cluster: Cluster, args: readonly string[]): Promise<RunningKubectl> {
  const binary = await buildCluster()
  const all = ['kubectl', `--kubeconfig=${cluster.kubeconfig}`, `--cache-dir=${cluster.kubeconfig}-cache`, ...args]
  const child = spawn(binary, all, { stdio: ['ignore', 'pipe', 'pipe'] })
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      output += text
    })
  return {
    get output() {
      return output
    },
    get isRunning() {
      return child.exitCode === null && child.signalCode === null
    },
    async [Symbol.asyncDispose]() {
      child.kill()
      await closed
    },
  }
}

/** Returns the number of watches of config maps that the API server serves, its own and the controllers' included. */
export async function watchesOf({ kubectl }: Cluster): Promise<number> {
  const metrics = await kubectl(['get', '--raw', '/metrics'])
  const pattern = /^apiserver_longrunning_requests\{.*resource="configmaps".*\} (\d+)$/gm
  return [...metrics.matchAll(pattern)].reduce((sum, [, value]) => sum + Number(value), 0)
}
