import { expect, test } from 'vitest'
import { podFixture } from '../../src/testing'
import { define, widgets } from '../discovery/support'
import { Pod, readAll, setUp } from './resources'

const as = (kind: string) => `application/json;as=${kind};g=meta.k8s.io;v=v1`

/** A server with one pod, and requests for it in several forms. */
function asking() {
  const { server, ...rest } = setUp()
  const { metadata } = server.create(Pod, podFixture(1))
  const get = (path: string, accept: string) => server.fetch(`http://kubernetes.test${path}`, { headers: { accept } })
  return { server, metadata, get, ...rest }
}

test.each([
  ['*/*', 'PodList'],
  ['application/json;q=0.9', 'PodList'],
  ['application/vnd.kubernetes.protobuf,application/json', 'PodList'],
  [`${as('Table')},application/json`, 'Table'],
  [`application/json;as=Table;g=meta.k8s.io;v=v2,${as('PartialObjectMetadataList')}`, 'PartialObjectMetadataList'],
])('answers with the first supported form of an Accept header: %s gives a %s', async (accept, kind) => {
  expect(await (await asking().get('/api/v1/pods', accept)).json()).toMatchObject({ kind })
})

test.each([
  ['Table', '/api/v1/pods', { kind: 'Table', rows: [{ object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1beta1' } }] }],
  ['PartialObjectMetadataList', '/api/v1/pods', { kind: 'PartialObjectMetadataList', items: [{ apiVersion: 'meta.k8s.io/v1beta1' }] }],
  ['Table', '/api/v1/watch/pods?timeoutSeconds=1', { type: 'ADDED', object: { kind: 'Table', apiVersion: 'meta.k8s.io/v1beta1' } }],
])('answers a request for the older version of a %s in that version', async (kind, path, expected) => {
  const { clock, get } = asking()
  const text = (await get(path, `application/json;as=${kind};g=meta.k8s.io;v=v1beta1`)).text()
  await clock.advance(1000)
  expect(JSON.parse(await text)).toMatchObject({ ...(path.includes('watch') ? {} : { apiVersion: 'meta.k8s.io/v1beta1' }), ...expected })
})

test('answers a request without a supported form with 406', async () => {
  const response = await asking().get('/api/v1/pods', 'application/vnd.kubernetes.protobuf')
  expect([response.status, await response.json()]).toMatchObject([406, { kind: 'Status', reason: 'NotAcceptable' }])
})

test('serves one object as metadata, or as a table of one row', async () => {
  const { metadata, get } = asking()
  const path = `/api/v1/namespaces/default/pods/${metadata.name}`
  expect(await (await get(path, as('PartialObjectMetadata'))).json()).toEqual({
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
  })
  const table = await (await get(path, as('Table'))).json()
  expect([table.metadata, table.rows.length]).toEqual([{ resourceVersion: metadata.resourceVersion }, 1])
})

test('errors stay a Status in every form', async () => {
  const response = await asking().get('/api/v1/namespaces/default/pods/none', as('Table'))
  expect([response.status, await response.json()]).toMatchObject([404, { kind: 'Status' }])
})

test('sends the columns only with the first event of a watch', async () => {
  const { get, clock, server } = asking()
  const seen = readAll(await get('/api/v1/pods?watch=true', as('Table')))
  server.create(Pod, podFixture(2))
  await clock.settle()
  const events = seen.text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(events.map(({ object }) => object.columnDefinitions?.length ?? null)).toEqual([5, null])
  server.disconnect()
  await seen.done
})

test('a definition creates a resource with its printer columns until it is deleted', async () => {
  const { server, send, get } = asking()
  define(server, widgets('gadgets', 'Gadget'))
  await send('POST', '/apis/example.com/v1/namespaces/default/gadgets', { metadata: { name: 'a' }, spec: { size: 3 } })
  const table = await (await get('/apis/example.com/v1/gadgets', as('Table'))).json()
  expect(table.columnDefinitions.map(({ name }: { name: string }) => name)).toEqual(['Name', 'Size'])
  expect(table.rows[0].cells).toEqual(['a', 3])
  const watch = readAll(await get('/apis/example.com/v1/gadgets?watch=true', 'application/json'))
  await send('DELETE', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gadgets.example.com')
  await watch.done
  expect((await get('/apis/example.com/v1/gadgets', 'application/json')).status).toBe(404)
})
