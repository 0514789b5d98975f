import { describe, expect, test } from 'vitest'
import { openapi, schemaOf } from '../../src/discovery/openapi'
import { printerColumns } from '../../src/discovery/printer-columns'
import { FakeApiServer } from '../../src/testing'
import { serve, status } from '../http/server'
import { clientOf, define, widgets } from './support'

const Widget = { group: 'example.com', version: 'v1', plural: 'widgets', kind: 'Widget' }

describe('printerColumns', () => {
  test('printerColumns returns the columns of the version in the definition', async () => {
    const server = new FakeApiServer()
    define(server)
    expect(await printerColumns(clientOf(server), Widget)).toEqual([{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }])
    expect(await printerColumns(clientOf(server), { ...Widget, version: 'v2' })).toBeUndefined()
  })

  test('printerColumns returns the age when the definition has no columns', async () => {
    const server = new FakeApiServer()
    const { spec, ...definition } = widgets()
    define(server, { ...definition, spec: { ...spec, versions: [{ name: 'v1' }] } })
    expect(await printerColumns(clientOf(server), Widget)).toEqual([{ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }])
  })

  test('printerColumns returns undefined for a built-in resource, and rejects on a denial', async () => {
    const server = new FakeApiServer()
    expect(await printerColumns(clientOf(server), { group: 'apps', version: 'v1', plural: 'deployments' })).toBeUndefined()
    await expect(printerColumns(serve(() => status(403, 'Forbidden')).client(), Widget)).rejects.toMatchObject({ status: 403 })
  })
})

describe('openapi', () => {
  const schema = { type: 'object', 'x-kubernetes-group-version-kind': [{ group: 'example.com', version: 'v1', kind: 'Widget' }] }
  const document = { openapi: '3.0.0', components: { schemas: { Other: { type: 'string' }, Widget: schema } } }
  const server = () =>
    serve(({ url }) =>
      url.endsWith('v1')
        ? document
        : { paths: { 'apis/example.com/v1': { serverRelativeURL: '/openapi/v3/apis/example.com/v1?hash=A%2FB' } } },
    )

  test('openapi reads the address without the hash, which may be out of date, below the base URL', async () => {
    const { requests, client } = server()
    const found = await openapi(client({ baseUrl: 'http://kube.test/k8s/c1' }), Widget)
    expect(requests.map(({ url }) => url)).toEqual([
      'http://kube.test/k8s/c1/openapi/v3',
      'http://kube.test/k8s/c1/openapi/v3/apis/example.com/v1',
    ])
    expect(schemaOf(found, Widget)).toEqual(schema)
    expect(schemaOf(found, { ...Widget, kind: 'Gadget' })).toBeUndefined()
  })

  test('openapi reports a version without a document by name', async () => {
    await expect(openapi(server().client(), { group: '', version: 'v1' })).rejects.toThrow(
      'the server publishes no OpenAPI v3 document for v1',
    )
  })
})
