import { readdirSync, readFileSync } from 'node:fs'
import { SpanStatusCode } from '@opentelemetry/api'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Deployment } from '../../src/resources/apps/v1'
import { Pod } from '../../src/resources/core/v1'
import { FakeApiServer } from '../../src/testing'
import { type HttpServer, serve } from '../support/http'
import { expectCleanExit, runExample, runPreloaded } from './run'

let api: FakeApiServer
let http: HttpServer

beforeEach(async () => {
  api = new FakeApiServer()
  http = await serve(api.fetch)
})
afterEach(() => http.close())

const pod = (name: string, { namespace = 'default', phase = 'Pending' } = {}): Pod => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name, namespace },
  spec: { containers: [], nodeName: 'node-1' },
  status: { phase },
})

// Each test starts a process that compiles the sources as it loads them.
describe('the examples run until Ctrl-C', { timeout: 60_000 }, () => {
  test('using-reflector prints the first cached key as it appears', async () => {
    await using example = runExample('using-reflector', '--server', http.url)
    await vi.waitUntil(() => api.openRequests.some(({ resource, state }) => resource === 'pods' && state === 'open'), { timeout: 30_000 })
    api.create(Pod, pod('web-1', { namespace: 'shop' }))
    expect(await example.line()).toBe('first cached pod: shop/web-1')
    api.create(Pod, pod('web-2', { namespace: 'shop' }))
    await expectCleanExit(example, api)
  })

  test('watching-the-count prints the number of pods whenever it changes', async () => {
    api.create(Pod, pod('web-1'))
    await using example = runExample('watching-the-count', '--server', http.url)
    expect(await example.line()).toBe('pods: 1')
    api.create(Pod, pod('web-2'))
    expect(await example.line()).toBe('pods: 2')
    api.update(Pod, pod('web-2', { phase: 'Running' }))
    api.delete(Pod, { name: 'web-1' })
    expect(await example.line()).toBe('pods: 1')
    await expectCleanExit(example, api)
  })

  test('waiting-for-one-object exits by itself when the pod is running, and reads no other pod', async () => {
    api.create(Pod, pod('other', { phase: 'Running' }))
    await using example = runExample('waiting-for-one-object', '--server', http.url, '--name', 'web-1')
    expect(await example.line()).toBe('web-1: not there yet')
    api.create(Pod, pod('web-1'))
    expect(await example.line()).toBe('web-1: Pending')
    api.update(Pod, pod('web-1', { phase: 'Running' }))
    expect(await example.line()).toBe('web-1: Running')
    expect(await example.line()).toBe('web-1 runs on node-1')
    expect(await example.line()).toBeUndefined()
    expect(await example.ended).toEqual({ code: 0, stderr: '' })
    expect(new URL(api.requests[0]?.url ?? '').searchParams.get('fieldSelector')).toBe('metadata.name=web-1')
  })

  test('waiting-for-one-object can be interrupted', async () => {
    await using example = runExample('waiting-for-one-object', '--server', http.url)
    expect(await example.line()).toBe('web-1: not there yet')
    await expectCleanExit(example, api)
  })

  test('several-resources follows namespaces, pods and deployments', async () => {
    await using example = runExample('several-resources', '--server', http.url)
    expect([await example.line(), await example.line()].sort()).toEqual(['namespaces added: default', 'namespaces added: kube-system'])
    api.create(Pod, pod('web-1', { namespace: 'shop' }))
    expect(await example.line()).toBe('pods added: shop/web-1')
    api.create(Deployment, { kind: 'Deployment', apiVersion: 'apps/v1', metadata: { name: 'web', namespace: 'shop' } })
    expect(await example.line()).toBe('deployments.apps added: shop/web')
    api.delete(Pod, { name: 'web-1', namespace: 'shop' })
    expect(await example.line()).toBe('pods deleted: shop/web-1')
    await expectCleanExit(example, api)
  })

  test('opentelemetry records the events of the informer, and a span for each list', async () => {
    api.create(Pod, pod('web-1'))
    api.faults.add({ match: { verb: 'watch' }, fault: { type: 'status', status: 500, reason: 'InternalError' } })
    await using example = runPreloaded([new URL('telemetry.ts', import.meta.url)], 'opentelemetry', '--server', http.url)
    expect(await example.line()).toBe('added: default/web-1')
    api.create(Pod, pod('web-2'))
    expect(await example.line()).toBe('added: default/web-2')
    api.disconnect()
    api.create(Pod, pod('web-3'))
    api.delete(Pod, { name: 'web-1' })
    api.compact()
    expect([await example.line(), await example.line()]).toEqual(['deleted: default/web-1', 'added: default/web-3'])
    example.interrupt()
    const { figures, spans } = JSON.parse((await example.line()) ?? '')
    // By default, an informer reports why it cannot connect.
    expect(await example.ended).toEqual({ code: 0, stderr: expect.stringMatching(/^kubeflect: GET .*500/) })
    const count = (times: number) => ({ count: times, sum: expect.any(Number) })
    expect(figures).toEqual({
      'kubeflect.events': 1,
      'kubeflect.relists expired': 1,
      'kubeflect.errors': 3,
      'kubeflect.persisted': expect.any(Number),
      'kubeflect.list.duration stream': count(2),
      'kubeflect.watch.duration connection': count(1),
      'kubeflect.watch.duration expired': count(1),
      'kubeflect.watch.duration stopped': count(1),
      'kubeflect.backlog log': 0,
    })
    expect(figures['kubeflect.persisted']).toBeGreaterThan(3 * JSON.stringify(pod('web-1')).length)
    const span = { name: 'list', ended: 1 }
    const complete = { objects: expect.any(Number), bytes: expect.any(Number) }
    expect(spans).toEqual([
      { ...span, attributes: { attempt: 'stream', reason: 'start' }, status: { code: SpanStatusCode.ERROR, message: 'server' } },
      { ...span, attributes: { attempt: 'stream', reason: 'server', ...complete, objects: 1 } },
      { ...span, attributes: { attempt: 'stream', reason: 'expired', ...complete, objects: 2 } },
    ])
  })

  test('every example retries while there is no server', async () => {
    await http.close()
    await using example = runExample('watching-the-count', '--server', http.url)
    await vi.waitUntil(() => example.stderr().includes('no answer'), { timeout: 30_000 })
    example.interrupt()
    expect(await example.ended).toMatchObject({ code: 0, stderr: expect.stringContaining(`ConnectionError: GET ${http.url}/api/v1/pods`) })
  })
})

test('each example has at most the allowed length, and is listed in the README', () => {
  const folder = new URL('../../examples/', import.meta.url)
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts'))
  const readme = readFileSync(new URL('README.md', folder), 'utf8')
  for (const name of files) {
    // An operator has more to do than a script.
    const most = name === 'restart-on-config-change.ts' ? 90 : 40
    expect(readFileSync(new URL(name, folder), 'utf8').trimEnd().split('\n').length, name).toBeLessThanOrEqual(most)
    expect(readme).toContain(`(${name})`)
  }
})
