import { describe, expect, it } from 'vitest'
import { Access } from '../../src/access/access'
import { KubeClient } from '../../src/http/client'
import { Deployment } from '../../src/resources/apps/v1'
import { Namespace, Node, Pod } from '../../src/resources/core/v1'
import { ConfigMap, configMap, setUp } from './resources'

const AUTHORIZATION = '/apis/authorization.k8s.io/v1'
const AUTHENTICATION = '/apis/authentication.k8s.io/v1'

const askAs = (server: ReturnType<typeof setUp>['server'], headers: Record<string, string> = {}) =>
  new KubeClient({ baseUrl: 'http://kubernetes.test', fetch: server.fetch, headers })

describe('access to a fake server', () => {
  it('access is unlimited without a denial, and one rules review reports it', async () => {
    const { server, send } = setUp()
    const access = new Access(askAs(server))
    expect(await access.can('delete', Pod, { namespace: 'shop' })).toBe(true)
    expect(await access.can('create', Pod, { namespace: 'shop', subresource: 'exec', name: 'a' })).toBe(true)
    expect(await access.can('list', Node)).toBe(true)
    expect(server.requests).toHaveLength(2)
    const { status, body } = await send('POST', `${AUTHORIZATION}/selfsubjectrulesreviews`, { spec: { namespace: 'shop' } })
    expect([status, body.kind, body.status.incomplete]).toEqual([201, 'SelfSubjectRulesReview', false])
  })

  it('a denied request is refused with the wording of kube-apiserver until it is allowed again', async () => {
    const { server, send } = setUp()
    server.create(ConfigMap, configMap('a'))
    const allow = server.access.deny({ resource: 'configmaps' })
    server.access.deny({ verb: 'patch', resource: 'deployments.apps', namespace: 'shop' })
    const named = await send('GET', '/api/v1/namespaces/default/configmaps/a')
    expect(named).toEqual({
      status: 403,
      body: {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message:
          'configmaps "a" is forbidden: User "kubernetes-admin" cannot get resource "configmaps" in API group "" in the namespace "default"',
        reason: 'Forbidden',
        details: { name: 'a', kind: 'configmaps' },
        code: 403,
      },
    })
    expect((await send('GET', '/api/v1/configmaps')).body.message).toBe(
      'configmaps is forbidden: User "kubernetes-admin" cannot list resource "configmaps" in API group "" at the cluster scope',
    )
    expect(
      (await send('PATCH', '/apis/apps/v1/namespaces/shop/deployments/web/scale', {}, 'application/merge-patch+json')).body,
    ).toMatchObject({ message: expect.stringContaining('resource "deployments/scale" in API group "apps"'), details: { group: 'apps' } })
    allow()
    expect((await send('GET', '/api/v1/configmaps')).status).toBe(200)
    server.access.clear()
    expect((await send('PATCH', '/apis/apps/v1/namespaces/shop/deployments/web/scale', {}, 'application/merge-patch+json')).status).toBe(
      404,
    )
  })

  it('requests and reviews agree, whatever is denied', async () => {
    const rules = [
      { verb: 'list', resource: 'pods' },
      { verb: 'list', resource: 'pods', namespace: 'shop' },
      { resource: 'pods', namespace: '' },
      { resource: 'pods', name: 'a' },
      { resource: 'pods', subresource: 'log' },
      { resource: 'pods', subresource: '' },
      { namespace: 'shop' },
      { verb: 'get', resource: 'namespaces', namespace: 'shop' },
      { resource: 'nodes' },
      {},
    ]
    const requests = [
      ['get', Pod, '/api/v1/namespaces/shop/pods/a', { namespace: 'shop', name: 'a' }],
      ['get', Pod, '/api/v1/namespaces/shop/pods/b', { namespace: 'shop', name: 'b' }],
      ['list', Pod, '/api/v1/namespaces/shop/pods', { namespace: 'shop' }],
      ['list', Pod, '/api/v1/namespaces/shop/pods?fieldSelector=metadata.name%3Db', { namespace: 'shop', name: 'b' }],
      [
        'list',
        Pod,
        '/api/v1/namespaces/shop/pods?fieldSelector=metadata.name%3D%3Db%2Cmetadata.namespace%3Dshop',
        { namespace: 'shop', name: 'b' },
      ],
      ['list', Pod, '/api/v1/namespaces/other/pods', { namespace: 'other' }],
      ['list', Pod, '/api/v1/pods', {}],
      ['get', Pod, '/api/v1/namespaces/shop/pods/a/log', { namespace: 'shop', name: 'a', subresource: 'log' }],
      ['list', Deployment, '/apis/apps/v1/namespaces/shop/deployments', { namespace: 'shop' }],
      ['get', Namespace, '/api/v1/namespaces/shop', { name: 'shop' }],
      ['list', Node, '/api/v1/nodes', {}],
    ] as const
    for (const rule of rules) {
      for (const [verb, resource, path, query] of requests) {
        const { server, send } = setUp()
        server.access.deny(rule)
        const isRefused = (await send('GET', path)).status === 403
        const may = await new Access(askAs(server)).can(verb, resource as never, query)
        expect([rule, path, may]).toEqual([rule, path, !isRefused])
      }
    }
  })

  it('access can differ between users with tokens and impersonated users', async () => {
    const { server } = setUp()
    server.access.deny({ verb: 'list', resource: 'secrets', username: 'viewer' })
    const status = async (headers: Record<string, string>) =>
      (await server.fetch('http://kubernetes.test/api/v1/secrets', { headers })).status
    expect(await status({})).toBe(200)
    expect(await status({ 'impersonate-user': 'viewer' })).toBe(403)
    server.access.tokens.set('for-viewer', { username: 'viewer' }).set('for-admin', { username: 'admin' })
    expect(await status({})).toBe(401)
    expect(await status({ authorization: 'Bearer wrong' })).toBe(401)
    expect(await status({ authorization: 'Bearer for-admin' })).toBe(200)
    expect(await status({ authorization: 'Bearer for-viewer' })).toBe(403)
    const whoAmI = await server.fetch(`http://kubernetes.test${AUTHENTICATION}/selfsubjectreviews`, {
      method: 'POST',
      body: '{}',
      headers: { authorization: 'Bearer for-viewer', 'content-type': 'application/json' },
    })
    expect(await whoAmI.json()).toMatchObject({ kind: 'SelfSubjectReview', status: { userInfo: { username: 'viewer' } } })
  })

  it('a SubjectAccessReview reports the access of another user, a LocalSubjectAccessReview that in one namespace', async () => {
    const { server, send } = setUp()
    server.access.deny({ verb: 'get', username: 'viewer' })
    const ask = async (path: string, spec: object) => (await send('POST', `${AUTHORIZATION}/${path}`, { spec })).body
    const resourceAttributes = { verb: 'get', resource: 'pods', namespace: 'shop' }
    expect((await ask('subjectaccessreviews', { user: 'viewer', resourceAttributes })).status).toEqual({ allowed: false })
    expect((await ask('subjectaccessreviews', { user: 'editor', resourceAttributes })).status).toEqual({ allowed: true })
    const local = 'namespaces/shop/localsubjectaccessreviews'
    expect((await ask(local, { user: 'viewer', resourceAttributes })).status).toEqual({ allowed: false })
    expect(await ask('namespaces/other/localsubjectaccessreviews', { user: 'viewer', resourceAttributes })).toMatchObject({
      code: 422,
      details: { causes: [{ field: 'spec.resourceAttributes.namespace' }] },
    })
  })

  it('a review with * covers everything, and any denial makes it false', async () => {
    const { server, send } = setUp()
    server.access.deny({ verb: 'delete', resource: 'nodes' })
    const spec = { resourceAttributes: { verb: '*', group: '*', resource: '*' } }
    expect((await send('POST', `${AUTHORIZATION}/selfsubjectaccessreviews`, { spec })).body.status).toEqual({ allowed: false })
  })

  it.each([
    ['SelfSubjectAccessReview', { spec: {} }, 422, 'exactly one of nonResourceAttributes or resourceAttributes must be specified'],
    [
      'SelfSubjectAccessReview',
      { kind: 'Pod', apiVersion: 'v1' },
      400,
      'Pod in version "v1" cannot be handled as a SelfSubjectAccessReview',
    ],
    ['SelfSubjectAccessReview', { spec: { nonResourceAttributes: { verb: 'get', path: '/version' } } }, 201, undefined],
    ['SelfSubjectRulesReview', { spec: {} }, 400, 'no namespace on request'],
    ['SubjectAccessReview', { spec: { resourceAttributes: {} } }, 422, 'at least one of user or group must be specified'],
    ['TokenReview', { spec: {} }, 400, 'token is required for TokenReview in authentication'],
    ['TokenReview', { spec: { token: 'any' } }, 201, undefined],
  ])('answers a %s of %j like kube-apiserver: %i', async (kind, body, status, message) => {
    const root = kind === 'TokenReview' ? AUTHENTICATION : AUTHORIZATION
    const answer = await setUp().send('POST', `${root}/${kind.toLowerCase()}s`, body)
    expect(answer.status).toBe(status)
    if (message) expect(answer.body.message).toContain(message)
  })

  it('refuses bytes that are not a review in protobuf with 400', async () => {
    const { server } = setUp()
    for (const bytes of ['', 'k8s', 'k8s\u0000\u000a\u00ff', 'k8s\u0000\u0007']) {
      const response = await server.fetch(`http://kubernetes.test${AUTHORIZATION}/selfsubjectaccessreviews`, {
        method: 'POST',
        body: Uint8Array.from(bytes, (character) => character.charCodeAt(0)),
        headers: { 'content-type': 'application/vnd.kubernetes.protobuf' },
      })
      expect([bytes, response.status]).toEqual([bytes, 400])
    }
  })

  it('reviews can only be created, and appear in discovery', async () => {
    const { send } = setUp()
    expect((await send('GET', `${AUTHORIZATION}/selfsubjectaccessreviews`)).status).toBe(405)
    expect((await send('GET', `${AUTHORIZATION}/selfsubjectaccessreviews/x`)).status).toBe(404)
    expect((await send('GET', AUTHORIZATION)).body.resources).toContainEqual({
      name: 'selfsubjectaccessreviews',
      singularName: 'selfsubjectaccessreview',
      namespaced: false,
      kind: 'SelfSubjectAccessReview',
      verbs: ['create'],
    })
  })
})
