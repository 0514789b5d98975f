import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Deployment } from '../../src/resources/apps/v1'
import { type ContainerStatus, Pod } from '../../src/resources/core/v1'
import { FakeApiServer } from '../../src/testing'
import { type HttpServer, serve } from '../support/http'
import { expectCleanExit, type RunningExample, runIn, runtimes } from './run'

let api: FakeApiServer
let http: HttpServer

beforeEach(async () => {
  api = new FakeApiServer()
  http = await serve(api.fetch)
})
afterEach(() => http.close())

const shop = 'shop'

function pod(name: string, containers: readonly Partial<ContainerStatus>[], labels: Record<string, string> = { app: 'web' }): Pod {
  const statuses = containers.map((status) => ({ name: 'web', image: '', imageID: '', ready: true, restartCount: 0, ...status }))
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name, namespace: shop, labels },
    spec: { containers: statuses.map((status) => ({ name: status.name })) },
    status: { containerStatuses: statuses },
  }
}

function deployment(name: string, status: Deployment['status'] & object, replicas = 2): Deployment {
  const template = { spec: { containers: [{ name: 'web', image: 'web:1' }] } }
  return {
    kind: 'Deployment',
    apiVersion: 'apps/v1',
    metadata: { name, namespace: shop, labels: { app: name } },
    spec: { replicas, selector: {}, template },
    status: { observedGeneration: 1, ...status },
  }
}

const readLines = async (example: RunningExample, count: number) => {
  const lines: (string | undefined)[] = []
  while (lines.length < count) lines.push(await example.line())
  return lines
}
const running: Partial<ContainerStatus> = { state: { running: {} } }

// Each test starts a process that compiles the sources as it loads them.
describe.each(runtimes)('in %s', { timeout: 60_000 }, (runtime) => {
  const run = (name: string, ...args: readonly string[]) => runIn(runtime, name, '--server', http.url, '--namespace', shop, ...args)

  test('pods-restarting prints past and new restarts of the selected pods, with the reasons', async () => {
    const oom = { exitCode: 137, reason: 'OOMKilled', finishedAt: '2026-01-01T00:00:00Z' }
    api.create(Pod, pod('other', [{ restartCount: 1 }], {}))
    api.create(Pod, pod('web-1', [{ restartCount: 2, lastState: { terminated: oom } }, { name: 'side' }]))
    await using example = run('pods-restarting', '--selector', 'app=web')
    expect(await example.line()).toBe('shop/web-1 web restarted 2x: exit code 137 (OOMKilled) at 2026-01-01T00:00:00Z')
    const failed = { exitCode: 1, reason: 'Error', finishedAt: '2026-01-01T00:01:00Z' }
    const crashing = { restartCount: 3, lastState: { terminated: failed }, state: { waiting: { reason: 'CrashLoopBackOff' } } }
    api.update(Pod, pod('web-1', [crashing, { name: 'side' }]))
    expect(await example.line()).toBe('shop/web-1 web restarted 3x: exit code 1 (Error) at 2026-01-01T00:01:00Z, now CrashLoopBackOff')
    api.update(
      Pod,
      pod('web-1', [
        { ...crashing, ...running },
        { name: 'side', restartCount: 1 },
      ]),
    )
    expect(await example.line()).toBe('shop/web-1 side restarted 1x: the last run is unknown')
    api.delete(Pod, { name: 'web-1', namespace: shop })
    await expectCleanExit(example, api)
  })

  test('wait-until-rolled-out prints the progress, and exits with 0 when all selected replicas are available', async () => {
    api.create(Deployment, deployment('other', {}))
    api.create(Deployment, deployment('web', { observedGeneration: 0 }))
    await using example = run('wait-until-rolled-out', 'web')
    expect(await example.line()).toBe('web: not observed yet')
    api.update(Deployment, deployment('web', { updatedReplicas: 1, replicas: 3, availableReplicas: 2 }))
    expect(await example.line()).toBe('web: 1 of 2 replicas updated, 2 old ones left')
    api.update(Deployment, deployment('web', { updatedReplicas: 2, replicas: 2, availableReplicas: 1 }))
    expect(await example.line()).toBe('web: 1 of 2 replicas available')
    api.update(Deployment, deployment('web', { updatedReplicas: 2, replicas: 2, availableReplicas: 2 }))
    expect(await readLines(example, 2)).toEqual(['web: rolled out', undefined])
    expect(await example.ended).toEqual({ code: 0, stderr: '' })
    await vi.waitUntil(() => api.openRequests.length === 0)
  })

  test('wait-until-rolled-out exits with 1 when no deployment matches, one fails or is deleted, or the time is over', async () => {
    await using none = run('wait-until-rolled-out', '--selector', 'app=web')
    expect(await none.ended).toEqual({ code: 1, stderr: 'Error: found no matching deployment in the namespace shop\n' })

    api.create(Deployment, deployment('web', {}))
    await using late = run('wait-until-rolled-out', '--timeout', '0.3')
    expect(await late.ended).toEqual({ code: 1, stderr: expect.stringMatching(/^TimeoutError: .*\n$/) })

    await using failing = run('wait-until-rolled-out')
    expect(await failing.line()).toBe('web: 0 of 2 replicas updated, 0 old ones left')
    const condition = { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }
    api.update(Deployment, deployment('web', { conditions: [condition] }))
    expect(await failing.ended).toEqual({ code: 1, stderr: 'Error: web makes no progress\n' })

    api.update(Deployment, deployment('web', {}))
    await using deleted = run('wait-until-rolled-out')
    await deleted.line()
    api.delete(Deployment, { name: 'web', namespace: shop })
    expect(await deleted.ended).toEqual({ code: 1, stderr: 'Error: web was deleted\n' })
  })

  test('tail-logs follows running containers from their last lines, new ones from the first line, and every run of a container', async () => {
    const web = { namespace: shop, name: 'web-1', container: 'web' }
    const logRequests = () => api.requests.filter(({ url }) => url.includes('/web-1/log?'))
    api.create(Pod, pod('other', [running], {}))
    api.create(Pod, pod('web-1', [running, { name: 'side', ...running }]))
    api.logs.append(web, ['a', 'b', 'c'])
    await using example = run('tail-logs', '--selector', 'app=web', '--container', 'web', '--tail', '2')
    expect(await readLines(example, 2)).toEqual(['shop/web-1 web: b', 'shop/web-1 web: c'])
    api.logs.append(web, ['d'])
    expect(await example.line()).toBe('shop/web-1 web: d')

    api.create(Pod, pod('web-2', [{ state: { waiting: {} } }]))
    api.logs.append({ ...web, name: 'web-2' }, ['1', '2', '3'])
    api.update(Pod, pod('web-2', [running]))
    expect(await readLines(example, 3)).toEqual(['1', '2', '3'].map((line) => `shop/web-2 web: ${line}`))

    api.logs.end(web)
    // One more request checks whether the log has ended.
    await vi.waitUntil(() => logRequests().length === 2 && logRequests().every(({ state }) => state === 'closed'), { timeout: 30_000 })
    api.logs.append(web, ['again'])
    api.update(
      Pod,
      pod('web-1', [
        { ...running, restartCount: 1 },
        { name: 'side', ...running },
      ]),
    )
    expect(await example.line()).toBe('shop/web-1 web: again')
    await expectCleanExit(example, api)
  })

  test('the example who-changed-this prints the owner of each field, and the old value, the new value and the user of each change, until Ctrl-C', async () => {
    const path = `${http.url}/apis/apps/v1/namespaces/shop/deployments`
    const write = async (method: string, url: string, manager: string, body: object) => {
      const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
      const headers = { 'content-type': type }
      const response = await fetch(`${url}?fieldManager=${manager}`, { method, headers, body: JSON.stringify(body) })
      expect((await response.json()).metadata).toMatchObject({ name: 'web' })
    }
    const { status: _, ...created } = deployment('web', {})
    await write('POST', path, 'maker', { ...created, metadata: { ...created.metadata, finalizers: ['example.com/hold'] } })
    await using example = run('who-changed-this', 'deploy', 'web')
    const time = expect.stringMatching(/ \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    const lines = await readLines(example, 6)
    for (const line of lines) expect(line).toEqual(time)
    expect(lines.map((line) => line?.replace(/ \S+$/, '')).sort()).toEqual(
      [
        'metadata.finalizers[0] = "example.com/hold"',
        'metadata.labels.app = "web"',
        'spec.replicas = 2',
        'spec.selector = {}',
        'spec.template.spec.containers[0].image = "web:1"',
        'spec.template.spec.containers[0].name = "web"',
      ].map((field) => `web + ${field}  maker (Update)`),
    )
    await write('PATCH', `${path}/web`, 'scaler', { spec: { replicas: 3 } })
    expect(await readLines(example, 2)).toEqual([
      'web - spec.replicas = 2  maker (Update)',
      expect.stringContaining('web + spec.replicas = 3  scaler (Update) '),
    ])
    await write('PATCH', `${path}/web`, 'cleaner', { metadata: { labels: { app: null } } })
    expect(await example.line()).toBe('web - metadata.labels.app = "web"  maker (Update)')
    example.interrupt()
    expect(await example.ended).toEqual({ code: 'SIGINT', stderr: '' })
    await vi.waitUntil(() => api.openRequests.length === 0)
  })

  test('an unknown resource is an error that suggests similar names', async () => {
    await using example = run('who-changed-this', 'depoyments')
    expect((await example.ended).code).toBe(1)
    expect(example.stderr()).toContain('did you mean deployments.apps?')
  })
})
