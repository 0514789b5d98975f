// Starts the control plane's kubelet component, with nodes and pods.

import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { KubeClient } from '../../src/http/client'
import { Namespace, Node, Pod } from '../../src/resources/core/v1'
import { buildCluster } from './build.ts'
import type { Cluster } from './cluster.ts'
import { startComponent, until } from './component.ts'

/** What the kubelet saw of one exec, attach or forwarded connection. */
export interface StreamRecord {
  readonly kind: 'exec' | 'attach' | 'portForward'
  readonly target: string
  readonly command?: readonly string[]
  /** The number of bytes of stdin that were taken. */
  readonly stdin: number
  /** The terminal sizes, in order. */
  readonly sizes: readonly string[]
  readonly running: boolean
}

/** The state of the kubelet. */
export interface KubeletState {
  /** The number of open connections. */
  readonly open: number
  readonly streams: readonly StreamRecord[]
}

/**
 * A kubelet on the streaming code of real ones. Commands run on this machine in one folder, and the ports of a pod are those of 127.0.0.1. It
 * serves two nodes, with a pod each: the API server translates the streams of `translated`, and passes those of `passed` on.
 */
export interface StreamingKubelet extends AsyncDisposable {
  /** The namespace of the pods. */
  readonly namespace: string
  /** The names of the pods. */
  readonly pods: readonly ['translated', 'passed']
  /** The folder in which commands run. */
  readonly folder: string
  state(): Promise<KubeletState>
  /** Resolves when no connection is open. */
  idle(): Promise<void>
  /** Starts the command that `attach` attaches to. */
  start(pod: string, command: readonly string[]): Promise<void>
  /** Breaks every connection. */
  cut(): Promise<void>
}

const namespace = 'streams'
const pods = ['translated', 'passed'] as const

/** Starts a kubelet, and registers its nodes and pods. */
export async function startStreamingKubelet(cluster: Cluster): Promise<StreamingKubelet> {
  const binary = await buildCluster()
  const directory = dirname(cluster.kubeconfig)
  const folder = mkdtempSync(join(tmpdir(), 'kubeflect-container-'))
  const certificate = join(directory, 'certs/apiserver')
  const flags = [`--tls-cert-file=${certificate}.crt`, `--tls-private-key-file=${certificate}.key`, `--root-dir=${folder}`]
  const component = startComponent(binary, 'kubelet', flags, join(directory, 'kubelet.log'))
  const port = await until('the kubelet to be ready', () => {
    component.assertRunning()
    return Number(/^(\d+)$/m.exec(component.log())?.[1]) || undefined
  })
  const call = (method: string, path: string, body = ''): Promise<string> =>
    new Promise((resolve, reject) => {
      const outgoing = request({ host: '127.0.0.1', port, path, method, rejectUnauthorized: false, agent: false }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part) => (text += part))
        response.on('end', () =>
          response.statusCode === 200 ? resolve(text) : reject(new Error(`${path}: ${response.statusCode} ${text}`)),
        )
      })
      outgoing.on('error', reject).end(body)
    })
  const state = async () => JSON.parse(await call('GET', '/state')) as KubeletState

  const client = new KubeClient({ baseUrl: cluster.proxyUrl })
  await client.create(Namespace, { metadata: { name: namespace } })
  for (const name of pods) {
    const node = await client.create(Node, { metadata: { name } })
    const addresses = [{ type: 'InternalIP', address: '127.0.0.1' }]
    const declaredFeatures = name === 'passed' ? ['ExtendWebSocketsToKubelet'] : []
    const status = { addresses, daemonEndpoints: { kubeletEndpoint: { Port: port } }, declaredFeatures }
    await client.replace(Node, { ...node, status }, { subresource: 'status' })
    const spec = { nodeName: name, containers: [{ name: 'main', image: 'none' }] }
    await client.create(Pod, { metadata: { name, namespace, labels: { app: 'web' } }, spec })
    const running = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] }
    await client.patch(Pod, name, { merge: { status: running } as object }, { namespace, subresource: 'status' })
  }
  return {
    namespace,
    pods,
    folder,
    state,
    idle: () => until('the kubelet to be idle', async () => ((await state()).open === 0 ? true : undefined), 10_000).then(() => undefined),
    start: async (pod, command) => void (await call('POST', `/start/${namespace}/${pod}/main`, JSON.stringify(command))),
    cut: async () => void (await call('POST', '/cut')),
    async [Symbol.asyncDispose]() {
      await component.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
