import { expect, test } from 'vitest'
import { ConfigMap, Namespace } from '../../src/resources/core/v1'
import { FakeApiServer } from '../../src/testing'
import type { Cluster } from '../cluster/cluster.ts'
import { describeCluster } from '../cluster/suite.ts'
import { readDirectly } from '../cluster/wire.ts'

const NAMESPACE = 'reads'
const maps = `/api/v1/namespaces/${NAMESPACE}/configmaps`
const FUTURE = '999999999'
const as = (kind: string, version = 'v1') => `application/json;as=${kind};g=meta.k8s.io;v=${version}`
const token = (members: object) => Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: 1, start: 'a', ...members })).toString('base64url')
const streamed = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan'

/** Paths; `{rv}` stands for the version of the server's collection. Lines with a second column have that `Accept` header. */
const reads: readonly (readonly [path: string, accept?: string])[] = [
  // One object.
  [`${maps}/a`],
  [`${maps}/missing`],
  [`${maps}/a/`],
  [`${maps}/a?watch=true`],
  [`${maps}/a?resourceVersion={rv}`],
  [`${maps}/a?resourceVersion=${FUTURE}`],
  [`${maps}/a?resourceVersionMatch=Bad`],
  [`${maps}/a`, as('Table', 'v1beta1')],
  // Versions of lists.
  [`${maps}?resourceVersion=abc`],
  [`${maps}?resourceVersion=-1`],
  [`${maps}?resourceVersion=00`],
  [`${maps}?resourceVersion=${FUTURE}`],
  [`${maps}?resourceVersion=${FUTURE}&resourceVersionMatch=Exact`],
  [`${maps}?resourceVersion={rv}&resourceVersionMatch=Exact`],
  [`${maps}?resourceVersionMatch=Exact`],
  [`${maps}?resourceVersion={rv}&resourceVersionMatch=Bad`],
  [`${maps}?resourceVersion=0&resourceVersionMatch=Exact`],
  [`${maps}?sendInitialEvents=true`],
  // Pages.
  [`${maps}?limit=1`],
  [`${maps}?limit=1&resourceVersion=0`],
  [`${maps}?limit=1&resourceVersion={rv}`],
  [`${maps}?limit=4`],
  [`${maps}?limit=5`],
  [`${maps}?limit=-1`],
  [`${maps}?limit=%2B1`],
  [`${maps}?limit=abc`],
  [`${maps}?limit=`],
  [`${maps}?limit=99999999999999999999`],
  [`${maps}?limit=1&labelSelector=l%3Dx`],
  [`${maps}?limit=2&labelSelector=l%3Dx`],
  [`${maps}?limit=2&labelSelector=l%3Dy`],
  [`${maps}?limit=1&fieldSelector=metadata.name%3Da`],
  [`${maps}?limit=1&fieldSelector=metadata.namespace%3D${NAMESPACE}`],
  [`${maps}?limit=1&continue=zzz`],
  [`${maps}?limit=1&continue=zzz&resourceVersionMatch=NotOlderThan`],
  [`${maps}?continue=${token({ rv: -1 })}`],
  [`${maps}?continue=${token({ rv: -1, start: 'b' })}`],
  [`${maps}?continue=${token({ rv: -1, start: '/b\0' })}&limit=1`],
  [`${maps}?continue=${token({ rv: -1 })}&resourceVersion=0`],
  [`${maps}?continue=${token({ rv: -1 })}&resourceVersion={rv}`],
  [`${maps}?continue=${token({ rv: 0 })}`],
  [`${maps}?continue=${token({ start: '' })}`],
  [`${maps}?continue=${token({ start: '../kube-system/a' })}`],
  [`${maps}?continue=${token({ v: 'v0' })}`],
  [`${maps}?continue=${token({})}%3D%3D`],
  // Selectors, and the order in which problems are found.
  [`${maps}?labelSelector=l%3Dx`],
  [`${maps}?labelSelector=%3D%3D`],
  [`${maps}?labelSelector=%3D%3D&resourceVersionMatch=Bad`],
  [`${maps}?fieldSelector=metadata.name%3Da`],
  [`${maps}?fieldSelector=metadata.name`],
  [`${maps}?fieldSelector=data.k%3Dv`],
  [`${maps}?fieldSelector=data.k%3Dv&resourceVersionMatch=Bad`],
  ['/api/v1/pods?fieldSelector=spec.hostNetwork%3Dtrue,status.phase%3DRunning'],
  ['/api/v1/pods?fieldSelector=spec.color%3Dred'],
  ['/api/v1/nodes?fieldSelector=spec.unschedulable%3Dtrue'],
  ['/api/v1/nodes?fieldSelector=metadata.namespace%3Dx'],
  ['/api/v1/secrets?fieldSelector=type%3Dnothing'],
  ['/apis/apps/v1/deployments?fieldSelector=status.phase%3Dx'],
  // Options that do nothing here, or are no numbers.
  [`${maps}?allowWatchBookmarks=foo`],
  [`${maps}?timeoutSeconds=abc`],
  [`${maps}/a?pretty=true`],
  // Watches.
  [`${maps}?watch=1`],
  [`${maps}?watch=`],
  [`${maps}?watch=maybe`],
  [`${maps}?watch=false`],
  [`${maps}?watch=1&resourceVersion={rv}`],
  [`${maps}?watch=1&resourceVersion=${FUTURE}`],
  [`${maps}?watch=1&allowWatchBookmarks=true`],
  [`${maps}?watch=1&allowWatchBookmarks=true&resourceVersion=0`],
  [`${maps}?watch=1&labelSelector=l%3Dx`],
  [`${maps}?watch=1&fieldSelector=data.k%3Dv`],
  [`${maps}?watch=1&fieldSelector=metadata.name%3Db`],
  [`${maps}?watch=1&limit=1`],
  [`${maps}?watch=1&limit=abc`],
  [`${maps}?watch=1&continue=abc&resourceVersion={rv}`],
  [`${maps}?watch=1&sendInitialEvents=true`],
  [`${maps}?watch=1&resourceVersionMatch=NotOlderThan&resourceVersion={rv}`],
  [`${maps}?watch=1&sendInitialEvents=true&resourceVersionMatch=Exact&resourceVersion={rv}`],
  [`${maps}?${streamed}&continue=x`],
  [`${maps}?${streamed}`],
  [`${maps}?${streamed}&allowWatchBookmarks=true`],
  [`${maps}?${streamed}&allowWatchBookmarks=true&resourceVersion=${FUTURE}`],
  [`${maps}?watch=1&sendInitialEvents=false&resourceVersionMatch=NotOlderThan`],
  [`${maps}?watch=1&sendInitialEvents=false&resourceVersionMatch=NotOlderThan&resourceVersion=${FUTURE}`],
  [`${maps}?watch=1`, 'application/json;stream=watch'],
  // Watches in the old way.
  [`/api/v1/watch/namespaces/${NAMESPACE}/configmaps?`],
  [`/api/v1/watch/namespaces/${NAMESPACE}/configmaps?watch=false`],
  [`/api/v1/watch/namespaces/${NAMESPACE}/configmaps/a?`],
  [`/api/v1/watch/namespaces/${NAMESPACE}/configmaps/a?fieldSelector=metadata.name%3Db`],
  [`/api/v1/watch/namespaces/${NAMESPACE}/configmaps/a?fieldSelector=metadata.name%3D%3Da`],
  [`/api/v1/watch/namespaces/${NAMESPACE}/configmaps/a?fieldSelector=metadata.name%3Da%2Cmetadata.namespace%3D${NAMESPACE}`],
  [`/api/v1/watch/namespaces/${NAMESPACE}/configmaps/a?fieldSelector=metadata.namespace%3D${NAMESPACE}`],
  [`/api/v1/watch/namespaces/${NAMESPACE}?`],
  [`/api/v1/watch/configmaps?labelSelector=l%3Dx`],
  // Paths.
  [`${maps}/`],
  ['/api/v1//configmaps?labelSelector=l'],
  ['/api/v1/namespaces//configmaps?labelSelector=l'],
  ['/api//v1/configmaps'],
  [`${maps}//a`],
  ['/api/v1/namespaces/none/configmaps'],
  [`/api/v1/namespaces/${NAMESPACE}/nodes`],
  ['/api/v1/nothings'],
  // Forms.
  [`${maps}`, 'text/html'],
  [`${maps}`, 'application/vnd.kubernetes.protobuf;q=0,application/json'],
  [`${maps}`, as('PartialObjectMetadataList')],
  [`${maps}`, as('PartialObjectMetadataList', 'v1beta1')],
  [`${maps}`, as('Table')],
  [`${maps}`, as('Table', 'v1beta1')],
]

/** Reads that the fake server answers otherwise, and why. */
const differing: readonly (readonly [path: string, why: string, real: number, fake: number])[] = [
  [`${maps}/a?resourceVersion=abc`, 'kube-apiserver answers 500 without a reason; it is the client’s fault', 500, 400],
  [`${maps}?watch=1&resourceVersion=abc`, 'kube-apiserver answers 500 without a reason; it is the client’s fault', 500, 400],
  [`${maps}?watch=1&resourceVersion=-1`, 'kube-apiserver answers 500 without a reason; it is the client’s fault', 500, 400],
]

/** An answer whose body is read. */
interface Read {
  readonly status: number
  readonly body: string
}

type Send = (path: string, accept?: string) => Promise<Read>

/** The part of an answer that has to be the same on both servers. */
function outlineOf({ status, body }: Read): object {
  const values = body
    // A watch has a value on each line, an indented answer begins its lines with spaces.
    .split(/\n(?=\{)/)
    .filter((text) => text.trim() !== '')
    .map(outlineOfValue)
  // A bookmark beside the one that ends the state depends on what else happens in the cluster.
  return { status, values: values.filter((value) => value !== 'BOOKMARK') }
}

interface Answer {
  type?: string
  kind?: string
  apiVersion?: string
  reason?: string
  object?: Answer
  metadata?: { name?: string; continue?: string; remainingItemCount?: number; annotations?: object }
  details?: { causes?: { reason: string; field?: string }[]; retryAfterSeconds?: number }
  items?: Answer[]
  rows?: { object: Answer }[]
}

function outlineOfValue(json: string): unknown {
  const { type, kind, apiVersion, reason, object, metadata, details, items, rows } = JSON.parse(json) as Answer
  if (type === 'BOOKMARK') return object?.metadata?.annotations ? 'BOOKMARK with annotation' : type
  if (type !== undefined && object) return { type, object: outlineOfValue(JSON.stringify(object)) }
  const { causes, retryAfterSeconds } = details ?? {}
  return {
    ...{ kind, apiVersion, reason, name: metadata?.name, retryAfterSeconds },
    causes: causes?.map((cause) => [cause.reason, cause.field]),
    continues: Boolean(metadata?.continue),
    remaining: metadata?.remainingItemCount,
    names: (items ?? rows?.map((row) => row.object))?.map((item) => item.metadata?.name),
  }
}

/** Five config maps in a namespace of their own, the same on both servers. */
const objects = ['a', 'b', 'c', 'd', 'e'].map((name, index) => ({
  metadata: { name, namespace: NAMESPACE, labels: { l: index % 2 ? 'y' : 'x' } },
  data: { k: 'v' },
}))

async function seed(cluster: Cluster): Promise<void> {
  await cluster.kubectl(['create', 'namespace', NAMESPACE])
  const items = objects.map((object) => ({ kind: 'ConfigMap', apiVersion: 'v1', ...object }))
  await cluster.kubectl(['create', '-f', '-'], { input: JSON.stringify({ kind: 'List', apiVersion: 'v1', items }) })
  // The controllers put a config map into each namespace; it must not come later.
  await expect
    .poll(() => cluster.kubectl(['delete', 'configmap', '-n', NAMESPACE, 'kube-root-ca.crt', '--ignore-not-found']), { timeout: 5000 })
    .toBeDefined()
}

describeCluster('the same reads on a real API server and on the fake one', (cluster) => {
  const servers = (): { real: Send; fake: Send } => {
    const server = new FakeApiServer()
    server.create(Namespace, { metadata: { name: NAMESPACE } })
    for (const object of objects) server.create(ConfigMap, object)
    return {
      // Straight to the server: `kubectl proxy` redirects paths with two slashes.
      real: (path, accept = 'application/json') => readDirectly(cluster(), path, { accept }),
      async fake(path, accept = 'application/json') {
        const response = await server.fetch(`http://fake.test${path}`, { headers: { accept } })
        return { status: response.status, body: await response.text() }
      },
    }
  }
  /** Sends a read, a watch for one second, at the version that the server has. */
  const read = async (send: Send, path: string, accept?: string): Promise<Read> => {
    const list = JSON.parse((await send(maps)).body) as { metadata: { resourceVersion: string } }
    const isShort = /[?&]watch|\/watch\//.test(path) && !path.includes('timeoutSeconds')
    const query = isShort ? `${path}${path.includes('?') ? '&' : '?'}timeoutSeconds=${path.includes(FUTURE) ? 4 : 1}` : path
    return send(query.replace('{rv}', list.metadata.resourceVersion), accept)
  }

  test('the cluster has objects to read', async () => {
    await seed(cluster())
    expect(JSON.parse((await servers().real(maps)).body).items).toHaveLength(5)
  })

  test.concurrent.for(reads)('both servers answer %s in the same way (Accept: %s)', async ([path, accept], { expect }) => {
    const { real, fake } = servers()
    const [expected, actual] = await Promise.all([read(real, path, accept), read(fake, path, accept)])
    expect(outlineOf(actual)).toEqual(outlineOf(expected))
  })

  test.concurrent.for(differing)(
    'the fake server deliberately answers %s otherwise: %s',
    async ([path, , realStatus, fakeStatus], { expect }) => {
      const { real, fake } = servers()
      expect([(await read(real, path)).status, (await read(fake, path)).status]).toEqual([realStatus, fakeStatus])
    },
  )
})
