// kubectl prints the same through a relay as without one.
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Cluster } from './cluster.ts'
import { until } from './component.ts'
import { type ClusterRelay, type RunningKubectl, startClusterRelay, startKubectl, watchesOf } from './relay.ts'
import { describeCluster } from './suite.ts'

const configMap = (name: string, app: string, value: string) => ({
  kind: 'ConfigMap',
  apiVersion: 'v1',
  metadata: { name, namespace: 'shop', labels: { app } },
  data: { value },
})
const pod = (name: string, app: string) => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name, namespace: 'shop', labels: { app } },
  spec: { containers: [{ name: 'a', image: 'b' }] },
})

/** Forms that read and end. */
const READS = [
  'get pods -n shop',
  'get pods -A',
  'get po,cm -n shop',
  'get pods -n shop -o wide',
  'get pods -n shop -o json',
  'get pods -n shop -o yaml',
  'get pods -n shop -o name',
  'get pods -n shop -o jsonpath={.items[*].metadata.uid}',
  'get pods -n shop -o custom-columns=NAME:.metadata.name,RV:.metadata.resourceVersion',
  'get pods -n shop -l app=web',
  'get pods -n shop -l app=web -o json',
  'get pods -n shop -l app!=web -o name',
  'get pods -n shop --field-selector=status.phase=Pending -o name',
  'get pods -n shop --field-selector=metadata.name=web-1 -o json',
  'get pods -n shop --chunk-size=2 -o name',
  'get pods -n shop --chunk-size=0 -o name',
  'get pods -n shop --server-print=false',
  'get pods -n shop --show-labels --sort-by=.metadata.name',
  'get pods -n shop --no-headers',
  'get pod web-1 -n shop -o json',
  'get pod web-1 -n shop -o json --show-managed-fields',
  'get pod none -n shop',
  'get pod none -n shop --ignore-not-found',
  'get pods -n empty',
  'get cm -n shop -o json --show-managed-fields',
  'get --raw /api/v1/namespaces/shop/configmaps?limit=2',
  'get --raw /api/v1/namespaces/shop/pods?resourceVersion=0',
  'get --raw /api/v1/namespaces/shop/pods/web-1',
  'get --raw /api/v1/namespaces/shop/configmaps?fieldSelector=nonsense=1',
  'describe pod web-1 -n shop',
  'describe cm -n shop -l app=web',
  'logs web-1 -n shop',
  'wait pod/web-1 -n shop --for=jsonpath={.status.phase}=Pending --timeout=10s',
  'explain pod.spec.containers',
  'api-resources -o name',
  'auth can-i list pods -n shop',
  'auth whoami -o yaml',
  'version -o json',
]

/** Forms that write; each kubectl has a namespace of its own. */
const WRITES = [
  'create configmap written --from-literal=a=1',
  'create configmap written --from-literal=a=1',
  'label configmap written z=1',
  'annotate configmap written note=hi',
  'get configmap written -o jsonpath={.data.a}{.metadata.labels.z}',
  'patch configmap written -p {"data":{"a":"2"}}',
  'get configmaps written -o jsonpath={.data}',
  'create deployment web --image=example.test/web',
  'scale deployment web --replicas=2',
  'get deployment web -o jsonpath={.spec.replicas}',
  'delete configmap written',
  'get configmap written',
]

/** Forms that watch. */
const WATCHES = [
  'get cm -n shop -w',
  'get cm -n shop -w -o name',
  'get cm -n shop -w -o json',
  'get cm -n shop -w -o yaml --show-managed-fields',
  'get cm -n shop -w -o wide',
  'get cm -n shop -w -o jsonpath={.metadata.name}={.data.value}',
  'get cm -n shop --watch-only -o json',
  'get cm -n shop -w --output-watch-events -o name',
  'get cm -n shop -w --output-watch-events',
  'get cm -n shop -w -l app=web -o json',
  'get cm -n shop -w -l app=web --output-watch-events -o json',
  'get cm -n shop -w --field-selector=metadata.name=web-1 -o json',
  'get cm web-1 -n shop -w -o json',
  'get cm -n shop -w --server-print=false',
  'get cm -A -w -l app -o name',
]

/** Ages are counted by the server, or by kubectl, and grow meanwhile. */
const withoutAges = (text: string) => text.replace(/\b(\d+[smhd])+(?= |$)/gm, 'AGE').replace(/AGE +/g, 'AGE ')
/** A review is created by the request itself, so its time differs from one to the next. */
const withoutReviewTime = (text: string) => text.replace(/^( +creationTimestamp: )".*"$/m, '$1TIME')
/** The attempts to read something before it changes: other components write every few seconds, and the version of a list counts their writes. */
const MAX_ATTEMPTS = 20

describeCluster('kubectl through a relay', (cluster) => {
  let front: ClusterRelay

  beforeAll(async () => {
    front = await startClusterRelay(cluster())
    for (const namespace of ['shop', 'empty', 'direct', 'relayed']) await cluster().kubectl(['create', 'namespace', namespace])
    const items = ['web-1', 'web-2', 'db-1', 'db-2', 'db-3'].flatMap((name) => {
      const app = name.slice(0, name.indexOf('-'))
      return [pod(name, app), configMap(name, app, '0')]
    })
    await cluster().kubectl(['create', '-f', '-'], { input: JSON.stringify({ kind: 'List', apiVersion: 'v1', items }) })
    return () => front[Symbol.asyncDispose]()
  })

  const run = (flags: readonly string[], args: readonly string[]) =>
    cluster()
      .kubectl([...flags, ...args])
      .catch(({ message }: Error) =>
        flags.length > 0 ? message.replace(`${flags.join(' ')} `, '').replaceAll(front.url, cluster().serverUrl) : message,
      )
  const both = async (direct: readonly string[], relayed: readonly string[] = direct) =>
    [withoutAges(await run([], direct)), withoutAges(await run(front.flags, relayed))] as const

  describe('forms of kubectl that read', () => {
    test.each(READS)('kubectl %s prints the same through a relay', async (form) => {
      const args = form.split(' ')
      const masked = (text: string) => (args[0] === 'auth' ? withoutReviewTime(withoutAges(text)) : withoutAges(text))
      // A difference counts if the cluster has not changed meanwhile: if kubectl prints the same again without the relay.
      let before = masked(await run([], args))
      for (let attempt = 1; ; attempt++) {
        const relayed = masked(await run(front.flags, args))
        if (relayed === before) return
        const after = masked(await run([], args))
        if (after === before || attempt === MAX_ATTEMPTS) return expect(relayed).toBe(before)
        before = after
      }
    })
  })

  test('kubectl writes through a relay as it does directly', async () => {
    for (const form of WRITES) {
      const [direct, relayed] = await both([...form.split(' '), '-n', 'direct'], [...form.split(' '), '-n', 'relayed'])
      expect(relayed.replaceAll('relayed', 'direct'), form).toBe(direct)
    }
  })

  test('the forms of kubectl that take objects are answered from memory', async () => {
    front.events.length = 0
    await run(front.flags, ['get', 'pods', '-n', 'shop', '-o', 'json', '--chunk-size=0'])
    expect(front.events.filter(({ type }) => type === 'served')).toMatchObject([{ verb: 'list', status: 200 }])
  })

  test('kubectl get -w prints the same through a relay, in each of its forms', async () => {
    await using stack = new AsyncDisposableStack()
    const pairs = await Promise.all(
      WATCHES.map(async (form) => {
        const start = async (flags: readonly string[]) => stack.use(await startKubectl(cluster(), [...flags, ...form.split(' ')]))
        return { form, direct: await start([]), relayed: await start(front.flags) }
      }),
    )
    await untilWatching(front, cluster(), WATCHES.length)
    for (const [name, app, value] of [
      ['web-1', 'web', '1'],
      ['db-1', 'db', '1'],
      ['web-2', 'db', '1'],
      ['db-2', 'web', '1'],
    ] as const)
      await cluster().kubectl(['replace', '-f', '-'], { input: JSON.stringify(configMap(name, app, value)) })
    await cluster().kubectl(['delete', 'cm', 'db-3', 'web-1', '-n', 'shop'])
    await cluster().kubectl(['create', '-f', '-'], { input: JSON.stringify(configMap('web-1', 'web', 'last')) })
    for (const { form, direct, relayed } of pairs) {
      await settled(direct)
      await until(
        `kubectl ${form} to print the same`,
        () => withoutAges(relayed.output) === withoutAges(direct.output) || undefined,
        30_000,
      ).catch(() => undefined)
      expect(withoutAges(relayed.output), form).toBe(withoutAges(direct.output))
      expect([direct.isRunning, relayed.isRunning], form).toEqual([true, true])
    }
  })
})

/** Waits until the API server has a watch of each direct kubectl, and the relay one of each other. */
async function untilWatching(front: ClusterRelay, cluster: Cluster, count: number): Promise<void> {
  await until('the watches', async () => {
    const isWatched = await watchesOf(cluster)
    const passed = front.events.filter((event) => event.type === 'passed' && event.why === 'representation').length
    const opened = front.events.filter(({ type }) => type === 'watch-opened').length
    return (isWatched >= count && opened + passed >= count) || undefined
  })
  await sleep(1000)
}

/** Waits until a kubectl has printed nothing for half a second. */
async function settled(kubectl: RunningKubectl): Promise<void> {
  for (let before = -1; before !== kubectl.output.length; ) {
    before = kubectl.output.length
    await sleep(500)
  }
}
