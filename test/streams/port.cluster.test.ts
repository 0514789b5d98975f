// Tests for ports of pods against a real API server and kubelet, on both paths to it, and beside `kubectl port-forward`.

import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isConnectionError } from '../../src/api/errors'
import { KubeClient } from '../../src/http/client'
import { type ClusterConnection, loadKubeconfig } from '../../src/kubeconfig'
import { type ForwardedConnection, type ForwardPortOptions, forwardPort } from '../../src/local'
import { Pod, Service } from '../../src/resources/core/v1'
import { connectPort } from '../../src/streams/port'
import { buildCluster } from '../cluster/build.ts'
import { type Component, freePorts, startComponent, until } from '../cluster/component.ts'
import { type StreamingKubelet, startStreamingKubelet } from '../cluster/streaming-kubelet.ts'
import { describeCluster } from '../cluster/suite.ts'
import { hashOf, type PodServer, startPodServer, startRelay } from './cluster-support.ts'
import { bytesOf, failure } from './outcomes.ts'

const payload = randomBytes(5_000_000)

/** Answers a line with five megabytes, and closes the connection. */
const answer = (socket: Socket) => void socket.once('data', () => socket.end(payload))
/** Sends back what it receives. */
const echo = (socket: Socket) => void socket.pipe(socket)

describeCluster('ports of pods on a real cluster', (cluster) => {
  let kubelet: StreamingKubelet
  let connection: ClusterConnection
  let client: KubeClient
  beforeAll(async () => {
    kubelet = await startStreamingKubelet(cluster())
    connection = await loadKubeconfig({ path: cluster().kubeconfig })
    client = new KubeClient(connection)
  })
  afterAll(async () => {
    await connection?.close()
    await kubelet?.[Symbol.asyncDispose]()
  })
  const pod = (name: string) => ({ namespace: kubelet.namespace, name })

  describe.each(['translated', 'passed'])('on the node %s', (name) => {
    test('[streams/17] an answer of 5 MB arrives complete, without the bytes of the port', async () => {
      await using server = await startPodServer(answer)
      await using remote = await connectPort(client, { ...pod(name), port: server.port })
      await remote.writable.getWriter().write(new TextEncoder().encode('send\n'))
      expect(hashOf(await bytesOf(remote.readable))).toBe(hashOf(payload))
      await remote.closed
      await kubelet.idle()
    })

    test('[streams/17] kubectl proxy with its defaults passes the connection on', async () => {
      await using server = await startPodServer(answer)
      const proxied = new KubeClient({ baseUrl: cluster().proxyUrl })
      await using remote = await connectPort(proxied, { ...pod(name), port: server.port })
      await remote.writable.getWriter().write(new TextEncoder().encode('send\n'))
      expect(hashOf(await bytesOf(remote.readable))).toBe(hashOf(payload))
    })

    test('[streams/17] a port that refuses is an error with the text of the server', async () => {
      const [port = 0] = await freePorts(1)
      await using remote = await connectPort(client, { ...pod(name), port })
      const error = await failure(remote.closed)
      expect(isConnectionError(error) && error.message).toMatch(new RegExp(`port ${port}: .*connection refused`))
      expect(await failure(bytesOf(remote.readable))).toBe(error)
    })

    test('[streams/18] when the far end closes first, the data ends after the last byte', async () => {
      const text = payload.subarray(0, 900_000)
      await using server = await startPodServer((socket) => socket.end(text))
      await using remote = await connectPort(client, { ...pod(name), port: server.port })
      await remote.closed
      expect(hashOf(await bytesOf(remote.readable))).toBe(hashOf(text))
    })

    test('[streams/18] closing the writable loses nothing of the answer', async () => {
      await using server = await startPodServer(answer)
      await using remote = await connectPort(client, { ...pod(name), port: server.port })
      const writer = remote.writable.getWriter()
      await writer.write(new TextEncoder().encode('send\n'))
      await writer.close()
      expect(hashOf(await bytesOf(remote.readable))).toBe(hashOf(payload))
    })

    test('20 MB in both directions at once arrive unchanged', async () => {
      await using server = await startPodServer(echo)
      await using remote = await connectPort(client, { ...pod(name), port: server.port })
      const sent = randomBytes(20_000_000)
      const writing = new Blob([sent]).stream().pipeTo(remote.writable)
      const hash = createHash('sha256')
      let length = 0
      for await (const bytes of remote.readable) {
        hash.update(bytes)
        length += bytes.length
        if (length === sent.length) break
      }
      await writing
      expect(hash.digest('hex')).toBe(hashOf(sent))
    })

    test('a connection that is never read stops the sender, and closing it leaves nothing open', async () => {
      let sent = 0
      await using server = await startPodServer((socket) => {
        const fill = (): void => {
          while (!socket.destroyed && socket.write(payload)) sent += payload.length
          sent += payload.length
          socket.once('drain', fill)
        }
        fill()
      })
      const remote = await connectPort(client, { ...pod(name), port: server.port })
      const reader = remote.readable.getReader()
      await reader.read()
      await until('the sender to stop', async () => {
        const before = sent
        await new Promise((resolve) => setTimeout(resolve, 300))
        return sent === before || undefined
      })
      expect(sent).toBeLessThan(100_000_000)
      await remote.close()
      await kubelet.idle()
    })
  })

  describe('a forwarded port', () => {
    const created: string[] = []
    const createPod = async (name: string, port: number) => {
      created.push(name)
      const spec = {
        nodeName: 'passed',
        containers: [{ name: 'main', image: 'none', ports: [{ name: 'http', containerPort: port }] }],
      }
      await client.create(Pod, { metadata: { name, namespace: kubelet.namespace, labels: { app: 'shop' } }, spec })
      const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] }
      await client.patch(Pod, name, { merge: { status } as object }, { namespace: kubelet.namespace, subresource: 'status' })
    }
    const remove = (name: string) =>
      client.delete(Pod, name, { namespace: kubelet.namespace, gracePeriodSeconds: 0 }).catch(() => undefined)
    const forward = (options: Partial<ForwardPortOptions> = {}) =>
      forwardPort(client, { namespace: kubelet.namespace, target: { service: 'shop' }, port: 'public', ...options })
    const ask = async (port: number) => {
      const socket = connect(port, '127.0.0.1')
      socket.write('send\n')
      return hashOf(await buffer(socket))
    }
    let server: PodServer
    beforeAll(async () => {
      server = await startPodServer(answer)
      await createPod('shop-1', server.port)
      await client.create(Service, {
        metadata: { name: 'shop', namespace: kubelet.namespace },
        spec: { selector: { app: 'shop' }, ports: [{ name: 'public', port: 80, targetPort: 'http' }] },
      })
    })
    afterAll(async () => {
      for (const name of created) await remove(name)
      await server?.[Symbol.asyncDispose]()
    })

    test('[streams/19] [streams/20] twenty connections at once to the port that a service names each get the whole answer', async () => {
      await using forwarded = await forward()
      const answers = await Promise.all(Array.from({ length: 20 }, () => ask(forwarded.port)))
      expect(answers).toEqual(Array.from({ length: 20 }, () => hashOf(payload)))
    })

    test('[streams/19] a connection that is never read does not slow the others', async () => {
      await using endless = await startPodServer((socket) => {
        const fill = (): void => {
          while (!socket.destroyed && socket.write(payload));
          socket.once('drain', fill)
        }
        socket.once('data', (bytes) => (String(bytes) === 'stuck\n' ? fill() : socket.end(payload)))
      })
      await using forwarded = await forward({ target: { pod: 'shop-1' }, port: endless.port })
      const stuck = connect(forwarded.port, '127.0.0.1').pause()
      stuck.on('error', () => undefined)
      stuck.write('stuck\n')
      await until('the connection', () => endless.connections === 1 || undefined)
      expect(await Promise.all(Array.from({ length: 5 }, () => ask(forwarded.port)))).toEqual(
        Array.from({ length: 5 }, () => hashOf(payload)),
      )
      stuck.destroy()
    })

    test('[streams/19] after its pod is deleted, the next connection goes to the successor', async () => {
      const connections: ForwardedConnection[] = []
      await using forwarded = await forward({ onConnection: (one) => connections.push(one) })
      await ask(forwarded.port)
      await createPod('shop-2', server.port)
      await remove('shop-1')
      await until('the successor', async () => {
        await ask(forwarded.port).catch(() => undefined)
        return connections.at(-1)?.pod === 'shop-2' || undefined
      })
      expect(await ask(forwarded.port)).toBe(hashOf(payload))
    })

    test('[streams/19] a connection that is cut is reset, and nothing is connected in its place', async () => {
      await using relay = await startRelay(connection.baseUrl)
      await using far = await startPodServer((socket) => void socket.write('half'))
      const throughRelay = (url: string) => Object.assign(new URL(url), { host: new URL(relay.url).host }).href
      const cut = new KubeClient({
        ...connection,
        webSocket: (request) => connection.webSocket({ ...request, url: throughRelay(request.url) }),
      })
      const connections: ForwardedConnection[] = []
      await using forwarded = await forwardPort(cut, {
        namespace: kubelet.namespace,
        target: { labelSelector: 'app=shop' },
        port: far.port,
        onConnection: (one) => connections.push(one),
      })
      const socket = connect(forwarded.port, '127.0.0.1')
      const failed = new Promise<{ code?: string }>((resolve) => socket.once('error', resolve))
      await once(socket, 'data')
      relay.cut()
      expect((await failed).code).toBe('ECONNRESET')
      expect(isConnectionError(await failure(connections[0]?.closed ?? Promise.resolve()))).toBe(true)
      expect([relay.connections, far.connections]).toEqual([1, 1])
    })

    test('[streams/20] a local port in use is the error of the runtime, and after an abort nothing listens', async () => {
      const controller = new AbortController()
      const first = await forward({ signal: controller.signal })
      const error = await failure(forward({ listen: { port: first.port } }))
      expect((error as { code?: string }).code).toBe('EADDRINUSE')
      controller.abort()
      await first.closed
      const [refused] = await once(connect(first.port, '127.0.0.1'), 'error')
      expect((refused as { code?: string }).code).toBe('ECONNREFUSED')
      await kubelet.idle()
    })

    describe('beside kubectl port-forward', () => {
      let kubectl: Component
      let kubectlPort: number
      let target: PodServer
      const received: string[] = []
      beforeAll(async () => {
        target = await startPodServer((socket) => {
          const at = received.push('') - 1
          socket.on('data', (bytes) => {
            received[at] += String(bytes)
            const request = received[at] as string
            if (request.startsWith('GET') && request.includes('\r\n\r\n')) socket.end(`HTTP/1.1 200 OK\r\n\r\n${request.length} bytes`)
            if (request === 'size\n') socket.end(payload)
            if (request === 'bye\n') socket.end()
          })
        })
        const binary = await buildCluster()
        const { kubeconfig } = cluster()
        const args = [`--kubeconfig=${kubeconfig}`, 'port-forward', '-n', kubelet.namespace, 'pod/shop-2', `:${target.port}`]
        kubectl = startComponent(binary, 'kubectl', args, join(dirname(kubeconfig), 'port-forward.log'))
        kubectlPort = await until('kubectl port-forward', () => {
          kubectl.assertRunning()
          return Number(/127\.0\.0\.1:(\d+)/.exec(kubectl.log())?.[1]) || undefined
        })
      })
      afterAll(async () => {
        await kubectl?.kill()
        await target?.[Symbol.asyncDispose]()
      })

      test.each(['GET / HTTP/1.1\r\nHost: shop\r\n\r\n', 'size\n', 'bye\n'])(
        '[streams/17] the exchange %j is the same',
        async (request) => {
          await using forwarded = await forward({ target: { pod: 'shop-2' }, port: target.port })
          const outcomes = []
          for (const port of [kubectlPort, forwarded.port]) {
            const socket = connect(port, '127.0.0.1')
            socket.write(request)
            const bytes = await buffer(socket)
            outcomes.push({ length: bytes.length, hash: hashOf(bytes), seen: received.at(-1) })
          }
          expect(outcomes[1]).toEqual(outcomes[0])
          expect(outcomes[0]?.seen).toBe(request)
        },
      )
    })

    test('[streams/19] a port that refuses resets the connection', async () => {
      const [closed = 0] = await freePorts(1)
      await using forwarded = await forward({ target: { labelSelector: 'app=shop' }, port: closed })
      const outcome = await buffer(connect(forwarded.port, '127.0.0.1')).then(String, (error: { code?: string }) => error.code)
      expect(outcome).toBe('ECONNRESET')
    })
  })
})
