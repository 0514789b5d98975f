// A relay in front of a real API server: rights, the number of watches, and a restart with a compaction.
import { expect, test } from 'vitest'
import type { Resource } from '../../src/api/resource'
import { KubeClient } from '../../src/http/client'
import { createInformer } from '../../src/informer/create-informer'
import type { Clock } from '../../src/internal/clock'
import { loadKubeconfig } from '../../src/kubeconfig'
import { ConfigMap } from '../../src/resources/core/v1'
import { readWatch } from '../relay/world'
import { serve } from '../support/http.ts'
import type { Cluster } from './cluster.ts'
import { until } from './component.ts'
import { type RunningKubectl, startClusterRelay, startKubectl, watchesOf } from './relay.ts'
import { describeCluster } from './suite.ts'
import { Playground } from './wire.ts'

const CLIENTS = 50

/** A clock that is some times as fast as the machine's. */
const fastClock = (times: number): Clock => ({
  now: () => performance.now() * times,
  setTimeout: (callback, ms) => setTimeout(callback, ms / times),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
})

describeCluster('a relay in front of a real API server', (cluster) => {
  const bind = (name: string, verbs: readonly string[], resources: readonly string[], namespace: string) =>
    create(cluster(), [
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'Role',
        metadata: { name, namespace },
        rules: [{ apiGroups: [''], resources, verbs }],
      },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: { name, namespace },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
        subjects: [{ kind: 'User', name: 'viewer', apiGroup: 'rbac.authorization.k8s.io' }],
      },
    ])
  const read = async (relay: { fetch(request: Request): Promise<Response> }, path: string, token: string) =>
    relay.fetch(new Request(`http://relay.test${path}`, { headers: { authorization: `Bearer ${token}` } }))

  test('[relay/34] two users see through a relay exactly what kubectl auth can-i allows them', async () => {
    for (const namespace of ['mine', 'theirs']) {
      const place = await Playground.create(cluster(), namespace)
      await place.put('a')
    }
    await bind('reads', ['get', 'list', 'watch'], ['configmaps'], 'mine')
    await bind('lists', ['list'], ['pods'], 'theirs')
    await using front = await startClusterRelay(cluster())
    const users = [
      { name: 'admin', token: cluster().adminToken, as: ['--as=admin', '--as-group=system:masters'] },
      { name: 'viewer', token: cluster().viewerToken, as: ['--as=viewer'] },
    ]
    for (const { name, token, as } of users)
      for (const resource of ['configmaps', 'pods'])
        for (const namespace of ['mine', 'theirs', ''])
          for (const verb of ['list', 'watch']) {
            const scope = namespace ? ['-n', namespace] : ['-A']
            const answer = await cluster()
              .kubectl(['auth', 'can-i', verb, resource, ...scope, ...as])
              .catch(() => 'no')
            const path = `/api/v1${namespace && `/namespaces/${namespace}`}/${resource}?resourceVersion=0${verb === 'watch' ? '&watch=1&timeoutSeconds=1' : ''}`
            const response = await read(front.relay, path, token)
            const text = await response.text()
            expect([response.status, text.includes('"uid"')], `${name}: ${verb} ${resource} in ${namespace || 'all namespaces'}`).toEqual(
              answer.trim() === 'yes' ? [200, resource === 'configmaps'] : [403, false],
            )
            if (response.status === 403) expect(text).toContain(`User \\"${name}\\" cannot ${verb} resource \\"${resource}\\"`)
          }
    expect(front.events.some(({ type }) => type === 'served')).toBe(true)
  })

  test('[relay/35] [relay/36] a withdrawn right refuses reads and ends watches, and nothing leaves while reviews fail', async () => {
    const place = await Playground.create(cluster(), 'withdrawn')
    await place.put('a')
    await bind('reads', ['get', 'list', 'watch'], ['configmaps'], 'withdrawn')
    const callers = await loadKubeconfig({ path: cluster().kubeconfig, credentials: 'omit' })
    let isBroken = false
    // Ten times as fast: a right is remembered for six seconds, and a watch is reviewed again after 24.
    await using front = await startClusterRelay(cluster(), {
      clock: fastClock(10),
      callerFetch: async (request) => {
        if (isBroken && request.url.includes('accessreviews')) throw new TypeError('the API server is unreachable')
        return (callers.fetch as typeof fetch)(request)
      },
    })
    const list = () => read(front.relay, `/api/v1/namespaces/withdrawn/configmaps?resourceVersion=0`, cluster().viewerToken)
    await until('the right', async () => (await list()).status === 200 || undefined)
    const { viewerToken } = cluster()
    const watch = readWatch(await read(front.relay, place.path({ watch: true, timeoutSeconds: 600, resourceVersion: 0 }), viewerToken))
    await until('the first event', () => watch.events.length > 0 || undefined)
    await cluster().kubectl(['delete', 'rolebinding', 'reads', '-n', 'withdrawn'])
    const since = performance.now()
    await until('the refusal', async () => (await list()).status === 403 || undefined, 20_000)
    await until('the end of the watch', () => watch.state !== 'open' || undefined, 40_000)
    expect(performance.now() - since).toBeLessThan(35_000)
    await place.put('late')
    expect([watch.state, watch.events.filter((event) => event.includes('late'))]).toEqual(['ended', []])

    isBroken = true
    for (let times = 0; times < 20; times++) {
      const response = await read(front.relay, `${place.path()}&resourceVersion=0&labelSelector=n%3D${times}`, cluster().adminToken)
      expect([response.status, response.headers.get('retry-after'), (await response.text()).includes('"uid"')]).toEqual([503, '1', false])
    }
    await callers.close()
  })

  test('a hundred clients of a relay cost one upstream watch, and neither a restart of the API server nor a compaction ends one', {
    timeout: 240_000,
  }, async () => {
    const place = await Playground.create(cluster(), 'crowd')
    for (const name of ['a', 'b', 'c']) await place.put(name)
    await using stack = new AsyncDisposableStack()
    const own = await watchesOf(cluster())
    const front = stack.use(await startClusterRelay(cluster(), { resources: [ConfigMap as Resource], authorize: 'none' }))
    // Without TLS, for clients in this process.
    const http = await serve(front.relay.fetch)
    stack.defer(() => http.close())
    expect(await watchesOf(cluster())).toBe(own + 1)
    const kubectls: RunningKubectl[] = []
    const flags = ['get', 'cm', '-n', 'crowd', '-w', '-o', 'jsonpath={.metadata.name}={.data.value} ']
    for (let at = 0; at < CLIENTS; at += 10) {
      const some = Array.from({ length: 10 }, async () => stack.use(await startKubectl(cluster(), [...front.flags, ...flags])))
      kubectls.push(...(await Promise.all(some)))
      await until('ten more watches', () => front.relay.status[0]?.watchers === at + 10 || undefined)
    }
    const errors: unknown[] = []
    const informers = Array.from({ length: CLIENTS }, () =>
      stack.use(
        createInformer(new KubeClient({ baseUrl: http.url }), ConfigMap, {
          namespace: 'crowd',
          onError: (error) => errors.push(error),
        }),
      ),
    )
    await Promise.all(informers.map((informer) => informer.whenSynced()))
    await until('a hundred watches', () => front.relay.status[0]?.watchers === 2 * CLIENTS || undefined)
    expect(await watchesOf(cluster())).toBe(own + 1)

    await place.put('a', { data: { value: '1' } })
    await cluster().restartApiServer()
    // What the relay misses is compacted before it returns.
    await until('the API server', async () => (await place.list()).status === 200 || undefined)
    await place.delete('b')
    await place.put('c', { data: { value: '2' } })
    await cluster().compact()
    await cluster().restartApiServer()
    await until('the API server', async () => (await place.list()).status === 200 || undefined)
    await place.put('d', { data: { value: '3' } })

    const expected = brief((await place.list()).body.items)
    await until(
      'all stores',
      () => informers.every(({ store }) => brief(store.list().map(({ object }) => object)) === expected) || undefined,
    )
    await until('all kubectls', () => kubectls.every(({ output }) => output.includes('d=3')) || undefined)
    for (const { output, isRunning } of kubectls)
      expect([isRunning, output.includes('c=2'), output.includes('rror')]).toEqual([true, true, false])
    expect([front.relay.status[0]?.watchers, errors]).toEqual([2 * CLIENTS, []])
    expect(front.events.filter(({ type }) => type === 'watch-ended')).toEqual([])
    // Controllers may not be back yet.
    expect(await watchesOf(cluster())).toBeLessThanOrEqual(own + 1)
  })
})

const brief = (objects: readonly { metadata: { name?: string; resourceVersion?: string } }[]): string =>
  objects
    .map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`)
    .sort()
    .join(' ')

/** Creates objects as the cluster admin. */
const create = (cluster: Cluster, items: readonly object[]): Promise<string> =>
  cluster.kubectl(['create', '-f', '-'], { input: JSON.stringify({ kind: 'List', apiVersion: 'v1', items }) })
