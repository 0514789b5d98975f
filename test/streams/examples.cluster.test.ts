// Runs the examples of commands and ports in each runtime, with the kubeconfig of a real cluster.

import { connect } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type StreamingKubelet, startStreamingKubelet } from '../cluster/streaming-kubelet.ts'
import { describeCluster } from '../cluster/suite.ts'
import { runIn, runtimes } from '../examples/run.ts'
import { startPodServer } from './cluster-support.ts'

describeCluster('the examples of commands and ports', (cluster) => {
  let kubelet: StreamingKubelet
  beforeAll(async () => {
    kubelet = await startStreamingKubelet(cluster())
  })
  afterAll(() => kubelet?.[Symbol.asyncDispose]())
  beforeEach(() => void vi.stubEnv('KUBECONFIG', cluster().kubeconfig))
  afterEach(() => void vi.unstubAllEnvs())

  // Each test starts a process that compiles the sources as it loads them.
  describe.each(runtimes)('in %s', { timeout: 60_000 }, (runtime) => {
    test('the example port-forward carries connections to a pod until Ctrl-C, and says where they go', async () => {
      await using server = await startPodServer((socket) => void socket.end('hello from the pod'))
      await using example = runIn(runtime, 'port-forward', 'pod/passed', String(server.port), '--namespace', kubelet.namespace)
      const [, port] = /^127\.0\.0\.1:(\d+)$/.exec((await example.line()) ?? '') ?? []
      expect(port, example.stderr()).toBeDefined()
      for (let i = 0; i < 2; i++) {
        expect(String(await buffer(connect(Number(port), '127.0.0.1')))).toBe('hello from the pod')
        expect(await example.line()).toBe('connected to passed')
      }
      example.interrupt()
      expect(await example.ended).toEqual({ code: 0, stderr: '' })
      await kubelet.idle()
    })

    test('the example exec prints both outputs of a command, and exits with its code', async () => {
      const command = ['sh', '-c', 'cat; echo out; echo err >&2; exit 7']
      await using example = runIn(runtime, 'exec', 'passed', '--namespace', kubelet.namespace, '--', ...command)
      expect([await example.line(), await example.line()]).toEqual(['out', undefined])
      expect(await example.ended).toEqual({ code: 7, stderr: 'err\n' })
    })
  })

  test('the example port-forward says how it is used', async () => {
    await using example = runIn('Node', 'port-forward', 'web')
    expect(await example.ended).toEqual({ code: 1, stderr: expect.stringContaining('usage: port-forward pod/NAME|service/NAME') })
  })
})
