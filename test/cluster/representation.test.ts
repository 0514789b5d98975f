import { expect, test } from 'vitest'
import { defineResource, type Resource } from '../../src/api/resource'
import { KubeClient } from '../../src/http/client'
import { listTable } from '../../src/http/table'
import { createInformer } from '../../src/informer/create-informer'
import { metadata } from '../../src/informer/sources/metadata'
import { table } from '../../src/informer/sources/table'
import { Deployment } from '../../src/resources/apps/v1'
import { ConfigMap, Node, Pod, Secret } from '../../src/resources/core/v1'
import type { ListWatchOptions } from '../../src/source/list-watch'
import { metadataListWatch } from '../../src/source/metadata'
import { tableListWatch } from '../../src/source/table'
import { until } from './component.ts'
import { describeCluster } from './suite.ts'

/** Parses the rows that kubectl prints; columns are separated by at least three spaces. */
const printed = (output: string) =>
  output
    .trim()
    .split('\n')
    .map((line) => line.split(/ {3,}/).map((cell) => cell.trim()))

describeCluster('representations of a real API server', (cluster) => {
  const client = () => new KubeClient({ baseUrl: cluster().proxyUrl })
  const sources = ({ namespace }: ListWatchOptions = {}) => [
    metadataListWatch(client(), ConfigMap, { namespace }),
    tableListWatch(client(), ConfigMap, { namespace }),
  ]

  test('a table matches kubectl get -o wide', async () => {
    await cluster().kubectl(['create', 'deployment', 'web', '--image=web:1', '--replicas=2'])
    const namespace = 'default'
    await until('two pods', async () => ((await client().list(Pod, { namespace })).items.length === 2 ? true : undefined))
    await cluster().kubectl(['create', 'configmap', 'settings', '--from-literal=a=1'])
    const resources: Resource[] = [Pod, Deployment, ConfigMap].map(({ group, version, plural, kind, scope }) => ({
      group,
      version,
      plural,
      kind,
      scope,
    }))
    for (const resource of resources) {
      const { columnDefinitions, rows } = await listTable(client(), resource, { namespace })
      const [head = [], ...lines] = printed(await cluster().kubectl(['get', resource.plural, '-n', namespace, '-o', 'wide']))
      expect(columnDefinitions.map(({ name }) => name.toUpperCase())).toEqual(head)
      const withoutAge = (cells: readonly unknown[]) => cells.filter((_, i) => columnDefinitions[i]?.name !== 'Age').map(String)
      expect(rows.map(({ cells }) => withoutAge(cells))).toEqual(lines.map(withoutAge))
      expect(rows.length).toBeGreaterThan(0)
    }
  })

  test('a streamed list of rows is followed by a watch, with the columns of a custom resource', async () => {
    const Widget = defineResource({ group: 'example.com', version: 'v1', plural: 'widgets', kind: 'Widget' })
    const schema = {
      openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } } },
    }
    const version = { name: 'v1', served: true, storage: true, schema }
    const columns = [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }]
    const definition = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'widgets.example.com' },
      spec: {
        group: 'example.com',
        names: { plural: 'widgets', kind: 'Widget' },
        scope: 'Namespaced',
        versions: [{ ...version, additionalPrinterColumns: columns }],
      },
    }
    await cluster().kubectl(['create', '-f', '-'], { input: JSON.stringify(definition) })
    await cluster().kubectl(['wait', '--for=condition=Established', 'crd/widgets.example.com'])
    const widget = (name: string, size: number) => ({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name }, spec: { size } })
    const apply = (object: object) => cluster().kubectl(['apply', '-n', 'default', '-f', '-'], { input: JSON.stringify(object) })
    await until('widgets to be served', () =>
      apply(widget('a', 1)).then(
        () => true,
        () => undefined,
      ),
    )
    const received: string[][] = []
    await using rows = createInformer(client(), Widget, {
      namespace: 'default',
      source: table({ onColumns: (columns) => received.push(columns.map(({ name }) => name)) }),
    })
    expect(await rows.whenSynced()).toEqual({ source: 'stream' })
    expect(rows.lister.get('default/a')?.object.cells).toEqual(['a', 1])
    await apply(widget('b', 2))
    await apply(widget('a', 3))
    await until('the changes', () => (rows.lister.get('default/a')?.object.cells[1] === 3 ? true : undefined))
    expect(rows.lister.get('default/b')?.object).toMatchObject({
      kind: 'TableRow',
      columns: ['Name', 'Size'],
      cells: ['b', 2],
      metadata: { name: 'b', namespace: 'default' },
    })
    await cluster().kubectl(['delete', '-n', 'default', 'widgets', 'a'])
    await until('the delete', () => (rows.lister.get('default/a') ? undefined : true))
    expect(received).toEqual([['Name', 'Size']])
    expect(rows.status.error).toBeUndefined()
  })

  test('rows include the whole object, or nothing, on request', async () => {
    const { entries } = await tableListWatch(client(), ConfigMap, { namespace: 'default', includeObject: 'Object' }).list({})
    const row = entries.find(({ name }) => name === 'settings')?.object
    expect(row?.object.data).toEqual({ a: '1' })
    const none = await listTable(client(), ConfigMap, { namespace: 'default', includeObject: 'None' })
    expect(none.rows.map(({ object }) => object ?? undefined)).toEqual(none.rows.map(() => undefined))
    expect(none.rows.length).toBeGreaterThan(0)
  })

  test('metadata matches that of the whole objects, listed and streamed', async () => {
    const whole = await client().list(Pod, { namespace: 'default' })
    const expected = whole.items.map(({ metadata: { managedFields: _, ...metadata } }) => ({
      kind: 'PartialObjectMetadata',
      apiVersion: 'meta.k8s.io/v1',
      metadata,
    }))
    const { entries } = await metadataListWatch(client(), Pod, { namespace: 'default' }).list({})
    expect(entries.map(({ object }) => object)).toEqual(expected)
    await using pods = createInformer(client(), Pod, { namespace: 'default', source: metadata() })
    expect(await pods.whenSynced()).toEqual({ source: 'stream' })
    expect(pods.lister.list().map(({ object }) => object)).toEqual(expected)
    await cluster().kubectl(['label', '-n', 'default', 'pods', '--all', 'seen=yes'])
    await until('the label', () => (pods.lister.list().every(({ object }) => object.metadata.labels?.seen === 'yes') ? true : undefined))
    expect(pods.status.error).toBeUndefined()
  })

  test('tables and metadata support pages and bookmarks', async () => {
    const write = (name: string) => cluster().kubectl(['create', 'configmap', name, '-n', 'default'])
    for (const name of ['one', 'two']) await write(name)
    const elsewhere = sources({ namespace: 'kube-public' })
    for (const [i, source] of sources({ namespace: 'default' }).entries()) {
      const first = await source.list({ limit: 1 })
      expect([first.entries.length, first.continue !== '']).toEqual([1, true])
      expect((await source.list({ limit: 1, continue: first.continue })).entries).toHaveLength(1)
      const types = new Set<string>()
      // Bookmarks arrive shortly before the end, and only after newer changes.
      const options = { resourceVersion: first.resourceVersion, allowWatchBookmarks: true, timeoutSeconds: 5 }
      for await (const batch of elsewhere[i]?.watch(options) ?? []) {
        for (const { type } of batch) types.add(type)
        if (batch.length === 0) await write(`later-${i}`)
      }
      expect([...types]).toEqual(['BOOKMARK'])
    }
  })

  test('errors of tables and metadata are the Status of whole objects', async () => {
    const viewer = new KubeClient({ baseUrl: cluster().proxyUrl, impersonate: { user: 'viewer' } })
    for (const source of [metadataListWatch(viewer, Secret), tableListWatch(viewer, Secret)])
      await expect(source.list({})).rejects.toMatchObject({ status: 403, reason: 'Forbidden' })
    await expect(listTable(client(), Node, { continue: 'nonsense' })).rejects.toMatchObject({ status: 400 })
  })

  test('a watch of rows from an expired version reports it', async () => {
    const { metadata } = await client().list(ConfigMap)
    await cluster().kubectl(['create', 'configmap', 'newer', '-n', 'default'])
    await cluster().restartApiServer()
    for (const source of sources()) {
      const events: unknown[] = []
      for await (const batch of source.watch({ resourceVersion: metadata.resourceVersion })) events.push(...batch)
      expect(events).toMatchObject([{ type: 'ERROR', status: { code: 410, reason: 'Expired' } }])
    }
  })
})
