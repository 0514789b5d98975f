import { describe, expect, it } from 'vitest'
import { defineResource } from '../../src/api/resource'
import { CustomResourceDefinition } from '../../src/discovery/custom-resource-definition'
import { openapi, schemaOf } from '../../src/discovery/openapi'
import { KubeClient } from '../../src/http/client'
import { Pod as TypedPod } from '../../src/resources/core/v1'
import { FakeApiServer } from '../../src/testing'
import { setUp, Widget } from './resources'

const at = (path: string) => `http://kubernetes.test${path}`
const widgets = '/apis/example.com/v1/namespaces/default/widgets'
const PROTOBUF = 'application/vnd.kubernetes.protobuf'

describe('content negotiation of a fake server', () => {
  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])(
    'the fake server refuses protobuf in a %s with 415, like an API server for a kind without a protobuf form',
    async (method) => {
      const { server } = setUp()
      server.create(Widget, { metadata: { name: 'a' } })
      for (const type of [PROTOBUF, 'text/plain', 'application/yaml']) {
        const path = method === 'POST' ? widgets : `${widgets}/a`
        const response = await server.fetch(at(path), { method, body: 'k8s\0', headers: { 'content-type': type } })
        const body = (await response.json()) as { message: string }
        expect([response.status, body]).toMatchObject([415, { kind: 'Status', reason: 'UnsupportedMediaType', code: 415 }])
        expect(body.message).toMatch(/^the body of the request was in an unknown format - accepted media types include: application\/json/)
      }
      expect(server.list(Widget)).toHaveLength(1)
    },
  )

  it('the fake server answers 406 to clients that accept only protobuf, and JSON to those that also accept JSON', async () => {
    const { server } = setUp()
    const ask = (method: string, path: string, accept: string) => server.fetch(at(path), { method, headers: { accept } })
    for (const [method, path] of [
      ['GET', widgets],
      ['GET', `${widgets}?watch=1`],
      ['GET', `${widgets}/a`],
      ['DELETE', `${widgets}/a`],
    ] as const) {
      const response = await ask(method, path, `${PROTOBUF};stream=watch`)
      expect([response.status, await response.json()]).toMatchObject([406, { reason: 'NotAcceptable', code: 406 }])
    }
    const accepted = await ask('GET', widgets, `${PROTOBUF},application/json`)
    expect([accepted.status, accepted.headers.get('content-type')]).toEqual([200, 'application/json'])
    for (const accept of ['', '*/*', 'application/*;q=0.5', 'application/json;charset=utf-8'])
      expect((await ask('GET', widgets, accept)).status).toBe(200)
  })

  it('the fake server answers 405 to an unsupported verb, and omits it from discovery', async () => {
    const resource = defineResource({ group: 'metrics.k8s.io', version: 'v1beta1', plural: 'pods', kind: 'PodMetrics' })
    const { send } = setUp({ resources: [{ resource, verbs: ['get', 'list'] }] })
    expect((await send('GET', '/apis/metrics.k8s.io/v1beta1/pods')).status).toBe(200)
    const watch = await send('GET', '/apis/metrics.k8s.io/v1beta1/pods?watch=1')
    expect([watch.status, watch.body.reason]).toEqual([405, 'MethodNotAllowed'])
    expect((await send('DELETE', '/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods/a')).status).toBe(405)
    expect((await send('GET', '/apis/metrics.k8s.io/v1beta1')).body.resources[0].verbs).toEqual(['get', 'list'])
  })
})

describe('a fake server with pages of other origins', () => {
  const post = (server: FakeApiServer, headers: Record<string, string>) =>
    server.fetch('http://127.0.0.1:8001/api/v1/namespaces/default/configmaps', {
      method: 'POST',
      // A Blob without a type sets no content type and needs no preflight.
      body: new Blob([JSON.stringify({ metadata: { generateName: 'a-' } })]),
      headers,
    })

  it('the fake server refuses a write from a page of another origin, with and without a content type', async () => {
    const server = new FakeApiServer()
    const before = server.resourceVersion
    for (const origin of ['http://evil.example', 'null', 'http://127.0.0.1:3000', 'http://localhost:8001']) {
      const response = await post(server, { origin })
      expect([origin, response.status, response.headers.get('access-control-allow-origin')]).toEqual([origin, 403, null])
    }
    expect(server.resourceVersion).toBe(before)
    expect((await post(server, {})).status).toBe(201)
    expect((await post(server, { origin: 'http://127.0.0.1:8001' })).status).toBe(201)
  })

  it('the fake server lets pages of allowed origins read and write, and answers their preflight', async () => {
    const origin = 'http://localhost:5173'
    const server = new FakeApiServer({ allowedOrigins: [origin] })
    const preflight = await server.fetch('http://127.0.0.1:8001/api/v1/pods', { method: 'OPTIONS', headers: { origin } })
    expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([
      204,
      'POST, GET, OPTIONS, PUT, DELETE, PATCH',
    ])
    const created = await post(server, { origin })
    expect([created.status, created.headers.get('access-control-allow-origin')]).toEqual([201, origin])
    const other = await server.fetch('http://127.0.0.1:8001/api/v1/pods', { headers: { origin: 'http://localhost:5174' } })
    expect([other.status, other.headers.get('access-control-allow-origin')]).toEqual([200, null])
    const open = new FakeApiServer({ allowedOrigins: ['*'] })
    expect((await post(open, { origin: 'http://evil.example' })).headers.get('access-control-allow-origin')).toBe('http://evil.example')
  })
})

describe('the OpenAPI of a fake server', () => {
  const client = (server: FakeApiServer) => new KubeClient({ baseUrl: 'http://kubernetes.test', fetch: server.fetch })

  it('the fake server publishes OpenAPI for each served kind at an address with a hash of its content', async () => {
    const { server, send } = setUp()
    const index = (await send('GET', '/openapi/v3')).body as { paths: Record<string, { serverRelativeURL: string }> }
    expect(Object.keys(index.paths)).toContain('apis/authorization.k8s.io/v1')
    expect(index.paths['api/v1']?.serverRelativeURL).toMatch(/^\/openapi\/v3\/api\/v1\?hash=[0-9A-F]{8}$/)
    const document = await openapi(client(server), TypedPod)
    expect(schemaOf(document, TypedPod)).toMatchObject({ type: 'object', properties: { metadata: {} } })
    expect(Object.keys(document.components?.schemas ?? {})).toEqual(
      expect.arrayContaining(['io.k8s.api.core.v1.Pod', 'io.k8s.api.core.v1.PodList']),
    )
    const response = await server.fetch(at('/openapi/v3/api/v1'))
    const etag = response.headers.get('etag') ?? ''
    expect((await server.fetch(at('/openapi/v3/api/v1'), { headers: { 'if-none-match': etag } })).status).toBe(304)
    expect((await send('GET', '/openapi/v3/apis/nope/v1')).status).toBe(404)
  })

  it('the fake server publishes the schema of a custom resource while its definition exists', async () => {
    const server = new FakeApiServer()
    const spec = { type: 'object', required: ['size'], properties: { size: { type: 'integer', description: 'How large it is' } } }
    server.create(CustomResourceDefinition, {
      metadata: { name: 'widgets.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'widgets', kind: 'Widget' },
        versions: [{ name: 'v1', served: true, schema: { openAPIV3Schema: { type: 'object', properties: { spec } } } } as never],
      },
    })
    const document = await openapi(client(server), Widget)
    expect(document.components?.schemas?.['com.example.v1.Widget']).toMatchObject({ properties: { spec, kind: { type: 'string' } } })
    server.delete(CustomResourceDefinition, { name: 'widgets.example.com' })
    await expect(openapi(client(server), Widget)).rejects.toThrow('no OpenAPI v3 document for example.com/v1')
  })
})
