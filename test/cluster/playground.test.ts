import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { RealCluster } from '../../playground/server/real-cluster.ts'
import type { Snapshot } from '../../src/index'
import type { Pod } from '../../src/resources/core/v1'
import { allRows, blankMoments, countDrawnRows, feedData, feedIs, stored } from '../browser/support/page.ts'
import { drawnCells, openPicker, pick, start } from '../browser/support/playground.ts'
import type { Cluster } from './cluster.ts'
import { describeCluster } from './suite.ts'

const PODS = 1000
const namespaces = ['shop', 'search', 'payments']

describeCluster('the playground in front of a real API server', (cluster) => {
  test(`the playground follows ${PODS} pods through changes, a restarted API server and a compaction while the page was closed`, async () => {
    for (const namespace of namespaces) await cluster().kubectl(['create', 'namespace', namespace])
    await inParallel(PODS, (index) => create(cluster(), index))
    await using visit = await start(new RealCluster(cluster().proxyUrl))
    const { page, url, errors } = visit

    await page.goto(url)
    await showsWhatTheServerHas(page, cluster())
    expect(await feedData(page)).toMatchObject({ source: 'stream', rows: String(PODS), lists: '1' })

    // Changes.
    await inParallel(50, (index) => setPhase(cluster(), index, 'Running'))
    await remove(cluster(), 990)
    await create(cluster(), PODS)
    await showsWhatTheServerHas(page, cluster())
    expect((await allRows(page)).filter((row) => row.includes(' Running '))).toHaveLength(50)

    // Restart the API server.
    await cluster().restartApiServer()
    await setPhase(cluster(), 60, 'Running')
    await showsWhatTheServerHas(page, cluster())

    // While the page is closed, pods are deleted and etcd is compacted.
    await stored(page)
    await page.goto('about:blank')
    await inParallel(20, (index) => remove(cluster(), index))
    await cluster().compact()
    await cluster().restartApiServer()
    await countDrawnRows(page)
    await page.goto(url)
    await feedIs(page, { source: 'persisted', rows: String(PODS) })
    await showsWhatTheServerHas(page, cluster())
    expect(await feedData(page)).toMatchObject({ source: 'stream', rows: String(PODS - 20), lists: '1' })
    expect(await blankMoments(page)).toBe(0)

    // A later reload resumes from the stored state.
    await stored(page)
    await page.reload()
    await showsWhatTheServerHas(page, cluster())
    expect(await feedData(page)).toMatchObject({ source: 'persisted', lists: '0' })

    await stored(page)
    expect(await storedPods(page, cluster().proxyUrl)).toEqual(await podsOf(cluster()))
    // `kubectl proxy` answers 500 while there is no API server.
    expect(errors.filter((error) => !error.includes('status of 500'))).toEqual([])
  })

  test('the playground offers every listable and watchable resource, and follows a definition that comes and goes', async () => {
    await using visit = await start(new RealCluster(cluster().proxyUrl))
    const { page, url, errors } = visit
    await page.goto(url)
    const offered = Object.entries(await openPicker(page)).flatMap(([group, plurals]) =>
      plurals.map((plural) => (group === 'core' ? plural : `${plural}.${group}`)),
    )
    const known = await cluster().kubectl(['api-resources', '--verbs=list,watch', '--output=name'])
    expect(offered.sort()).toEqual(known.trim().split('\n').sort())
    await page.keyboard.press('Escape')
    await pick(page, 'namespaces')
    await feedIs(page, { state: 'live' })
    expect((await drawnCells(page)).map(([name]) => name)).toContain('kube-system')

    await cluster().kubectl(['apply', '--filename=-'], { input: JSON.stringify(definition) })
    await openPicker(page)
    await page.getByRole('option', { name: 'rockets' }).click()
    await feedIs(page, { state: 'live', rows: '0' })
    expect(await page.locator('#empty').textContent()).toBe('There are no rockets.')
    await cluster().kubectl(['create', '--filename=-'], { input: JSON.stringify(rocket) })
    await feedIs(page, { state: 'live', rows: '1' })
    expect((await drawnCells(page)).map((cells) => cells.slice(0, 3))).toEqual([['saturn', 'default', 'Launched']])

    await cluster().kubectl(['delete', 'customresourcedefinition', 'rockets.example.com'])
    await feedIs(page, { state: 'gone', rows: '0' })
    await openPicker(page)
    await page.getByRole('option', { name: 'rockets' }).waitFor({ state: 'detached' })
    // 429: the storage of the resource is not ready yet; 404: the resource is gone.
    expect(errors.filter((error) => !/status of (404|429)/.test(error))).toEqual([])
  })
})

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'rockets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'rockets', singular: 'rocket', kind: 'Rocket', shortNames: ['rk'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
}
const rocket = {
  apiVersion: 'example.com/v1',
  kind: 'Rocket',
  metadata: { name: 'saturn', namespace: 'default' },
  status: { phase: 'Launched' },
}

const placeOf = (index: number) => ({
  namespace: namespaces[index % namespaces.length] ?? '',
  name: `web-${String(index).padStart(4, '0')}`,
})

async function create(cluster: Cluster, index: number): Promise<void> {
  const { namespace, name } = placeOf(index)
  const spec = { nodeName: `node-${index % 20}`, containers: [{ name: 'web', image: 'web:1' }] }
  await send(cluster, 'POST', namespace, '', { apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { app: 'web' } }, spec })
}

async function setPhase(cluster: Cluster, index: number, phase: string): Promise<void> {
  const { namespace, name } = placeOf(index)
  await send(cluster, 'PATCH', namespace, `/${name}/status`, { status: { phase } })
}

async function remove(cluster: Cluster, index: number): Promise<void> {
  const { namespace, name } = placeOf(index)
  await send(cluster, 'DELETE', namespace, `/${name}?gracePeriodSeconds=0`)
}

async function send(cluster: Cluster, method: string, namespace: string, rest: string, body?: object): Promise<void> {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
  const response = await fetch(`${cluster.proxyUrl}/api/v1/namespaces/${namespace}/pods${rest}`, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': type } }),
  })
  if (!response.ok) throw new Error(`${method} ${rest}: ${response.status} ${await response.text()}`)
  await response.body?.cancel()
}

/** Calls a function for each index, twenty at a time. */
async function inParallel(count: number, call: (index: number) => Promise<void>): Promise<void> {
  for (let from = 0; from < count; from += 20) {
    await Promise.all(Array.from({ length: Math.min(20, count - from) }, (_, offset) => call(from + offset)))
  }
}

/** Returns all pods from `kubectl get --raw`, sorted by key, without managedFields, which the library drops. */
async function podsOf(cluster: Cluster): Promise<Pod[]> {
  const { items } = JSON.parse(await cluster.kubectl(['get', '--raw', '/api/v1/pods'])) as { items: Pod[] }
  for (const { metadata } of items) delete metadata.managedFields
  return sorted(items)
}

/** Returns all pods in the browser's storage. Reading them makes the page's informer stop persisting. */
async function storedPods(page: Page, cluster: string): Promise<Pod[]> {
  const scope = { cluster, user: '', resource: 'pods/v1', namespace: '', labelSelector: '', fieldSelector: '', version: '' }
  // A string, because code that runs in the page must not be compiled for Node.
  const load = `import('/@id/kubeflect/idb').then(({ idbPersister }) => idbPersister({ database: 'kubeflect-playground' }).load(${JSON.stringify(scope)}, { writer: 'the test' }))`
  const { records } = await page.evaluate<Snapshot>(load)
  return sorted(
    records.map(({ text }) => {
      // The items of a typed list lack kind and apiVersion; entries always have them.
      const { kind, apiVersion, ...pod } = JSON.parse(text) as Pod
      expect({ kind, apiVersion }).toEqual({ kind: 'Pod', apiVersion: 'v1' })
      return pod
    }),
  )
}

const keyOf = ({ metadata }: Pod) => `${metadata.namespace}/${metadata.name}`
const sorted = (pods: Pod[]) => pods.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))

/** Waits until the table shows exactly the pods of the server, with their phases. */
async function showsWhatTheServerHas(page: Page, cluster: Cluster): Promise<void> {
  const expected = (await podsOf(cluster)).map((pod) => `${keyOf(pod)} ${pod.status?.phase} ${pod.spec?.nodeName} 0`)
  await feedIs(page, { state: 'live', rows: String(expected.length) })
  await expect.poll(async () => (await allRows(page)).sort(), { timeout: 30_000, interval: 500 }).toEqual(expected.sort())
}
