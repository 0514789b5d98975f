import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { KubeClient } from '../../src/http/client'
import { Deployment } from '../../src/resources/apps/v1'
import { Namespace, Pod, type PodStatus } from '../../src/resources/core/v1'
import { runIn, runtimes } from '../examples/run'
import { until } from './component.ts'
import { type Kubelet, startKubelet } from './kubelet.ts'
import { describeCluster } from './suite.ts'

// The examples get no server URL: they read the cluster's kubeconfig and use its certificates.

describeCluster('the examples that are scripts', (cluster) => {
  let client: KubeClient
  let kubelet: Kubelet
  beforeAll(async () => {
    client = new KubeClient({ baseUrl: cluster().proxyUrl })
    kubelet = await startKubelet(cluster(), 'node-1')
  })
  afterAll(() => kubelet?.[Symbol.asyncDispose]())
  beforeEach(() => void vi.stubEnv('KUBECONFIG', cluster().kubeconfig))
  afterEach(() => void vi.unstubAllEnvs())

  describe.each(runtimes)('in %s', (runtime) => {
    const namespace = `scripts-${runtime.toLowerCase()}`
    const run = (name: string, ...args: readonly string[]) => runIn(runtime, name, '--namespace', namespace, ...args)
    beforeAll(() => client.create(Namespace, { metadata: { name: namespace } }))

    const report = async (pod: Pod, status: PodStatus) => {
      await client.patch(Pod, pod.metadata.name ?? '', { merge: { status } }, { namespace, subresource: 'status' })
    }
    const deploy = (name: string, progressDeadlineSeconds: number) => {
      const labels = { app: name }
      const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'web:1' }] } }
      const spec = { replicas: 1, progressDeadlineSeconds, selector: { matchLabels: labels }, template }
      return client.create(Deployment, { metadata: { name, namespace, labels }, spec })
    }
    const createPod = async (name: string) => {
      const pod = {
        metadata: { name, namespace, labels: { app: name } },
        spec: { nodeName: kubelet.node, containers: [{ name: 'web', image: 'x' }] },
      }
      return client.create(Pod, pod)
    }
    const web = { name: 'web', image: 'x', imageID: '', ready: true, restartCount: 0 }

    test('wait-until-rolled-out exits with 0 when the pods are available, and with 1 when the rollout fails', async () => {
      await deploy('good', 600)
      await using good = run('wait-until-rolled-out', 'good')
      const pod = await until('a pod', async () => (await client.list(Pod, { namespace, labelSelector: 'app=good' })).items[0])
      await report(pod, { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] })
      let last: string | undefined
      for (let line = await good.line(); line !== undefined; line = await good.line()) last = line
      expect(await good.ended).toEqual({ code: 0, stderr: '' })
      expect(last).toBe('good: rolled out')

      await deploy('bad', 1)
      await using bad = run('wait-until-rolled-out', '--selector', 'app=bad')
      expect(await bad.ended).toEqual({ code: 1, stderr: 'Error: bad makes no progress\n' })
    })

    test('the example who-changed-this prints the user who scaled a deployment, and the time if the server records it', async () => {
      await deploy('scaled', 600)
      await using example = run('who-changed-this', 'deploy', 'scaled')
      const next = async (prefix: string) => {
        for (let line = await example.line(); line !== undefined; line = await example.line()) if (line.startsWith(prefix)) return line
        throw new Error(`no line begins with ${prefix}: ${example.stderr()}`)
      }
      expect(await next('scaled + spec.replicas')).toContain('spec.replicas = 1')
      // A write through the scale subresource has no time.
      await cluster().kubectl(['scale', 'deployment/scaled', '--replicas=3', '-n', namespace])
      expect(await next('scaled - spec.replicas')).toContain('spec.replicas = 1')
      expect(await next('scaled + spec.replicas')).toBe('scaled + spec.replicas = 3  kubectl (Update) undated')
      await cluster().kubectl(['patch', 'deployment/scaled', '-n', namespace, '-p', '{"spec":{"replicas":2}}'])
      expect(await next('scaled - spec.replicas')).toBe('scaled - spec.replicas = 3  kubectl (Update)')
      const { metadata } = await client.get(Deployment, 'scaled', { namespace })
      const time = metadata.managedFields?.find(({ manager }) => manager === 'kubectl-patch')?.time
      expect(await next('scaled + spec.replicas')).toBe(`scaled + spec.replicas = 2  kubectl-patch (Update) ${time}`)
    })

    test('pods-restarting and tail-logs follow a pod whose container restarts', async () => {
      const pod = await createPod('looping')
      const container = { namespace, name: 'looping', container: 'web' }
      kubelet.logs.append(container, ['first'])
      await kubelet.clock.advance(1)
      kubelet.logs.append(container, ['second'])
      const running = { state: { running: {} } }
      await report(pod, { phase: 'Running', containerStatuses: [{ ...web, ...running }] })
      await using restarts = run('pods-restarting', '--selector', 'app=looping')
      await using logs = run('tail-logs', '--selector', 'app=looping', '--tail', '1')
      expect(await logs.line()).toBe(`${namespace}/looping web: second`)
      const asked = () => kubelet.requests.filter((url) => url.includes(`/${namespace}/looping/`)).length
      await until('a follower', () => (kubelet.open === 1 ? true : undefined))
      kubelet.logs.end(container)
      // One more request checks whether the log has ended.
      await until('the end', () => (asked() === 2 && kubelet.open === 0 ? true : undefined))
      kubelet.logs.append(container, ['third'])
      const terminated = {
        exitCode: 1,
        reason: 'Error',
        containerID: 'x://1',
        startedAt: '2026-01-01T00:00:00Z',
        finishedAt: '2026-01-01T00:00:01Z',
      }
      await report(pod, { containerStatuses: [{ ...web, ...running, restartCount: 1, lastState: { terminated } }] })
      expect(await restarts.line()).toBe(`${namespace}/looping web restarted 1x: exit code 1 (Error) at 2026-01-01T00:00:01Z`)
      expect(await logs.line()).toBe(`${namespace}/looping web: third`)
      for (const example of [restarts, logs]) {
        example.interrupt()
        expect(await example.line()).toBeUndefined()
        expect(await example.ended).toEqual({ code: 0, stderr: '' })
      }
      await until('no client follows', () => (kubelet.open === 0 ? true : undefined))
    })
  })
})
