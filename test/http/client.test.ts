import { afterEach, describe, expect, it, vi } from 'vitest'
import { SchemaError } from '../../src/api/check'
import { isExpiredError } from '../../src/api/errors'
import type { KubeObject } from '../../src/api/object'
import { defineResource } from '../../src/api/resource'
import type { StandardSchemaV1 } from '../../src/api/standard-schema'
import { KubeClient } from '../../src/http/client'
import { serve, status } from './server'

const Pod = defineResource({ version: 'v1', plural: 'pods', kind: 'Pod' })
const Node = defineResource({ version: 'v1', plural: 'nodes', kind: 'Node', scope: 'Cluster' })
const Deployment = defineResource({ group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment' })

const pod = (name: string) => ({ metadata: { name, namespace: 'n' } })
const list = (names: readonly string[], metadata: object = {}) => ({
  kind: 'PodList',
  metadata: { resourceVersion: '1', ...metadata },
  items: names.map(pod),
})
const errorOf = (work: Promise<unknown>) =>
  work.then(
    () => expect.unreachable('it should have failed'),
    (error: unknown) => error,
  )

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('the URL of a request', () => {
  it.each([
    ['http://127.0.0.1:8001', 'http://127.0.0.1:8001'],
    ['http://127.0.0.1:8001/', 'http://127.0.0.1:8001'],
    ['http://127.0.0.1:8001///', 'http://127.0.0.1:8001'],
    ['https://gateway/k8s/clusters/c1', 'https://gateway/k8s/clusters/c1'],
    ['https://gateway/k8s/clusters/c1/', 'https://gateway/k8s/clusters/c1'],
    ['HTTPS://gateway', 'https://gateway'],
    [new URL('http://127.0.0.1:8001'), 'http://127.0.0.1:8001'],
  ])('the URL of a request starts with the whole base URL: %s', async (baseUrl, start) => {
    const { client, requests } = serve(() => list([]))
    await client({ baseUrl }).list(Pod, { namespace: 'shop' })
    expect(requests[0]?.url).toBe(`${start}/api/v1/namespaces/shop/pods`)
  })

  it('the URL of a request names the resource, the namespace and the object', async () => {
    const { client, requests } = serve((request) => (request.url.endsWith('s') ? list([]) : pod('web-1')))
    await client().get(Pod, 'web-1', { namespace: 'shop' })
    await client().get(Node, 'n1')
    await client().list(Pod)
    await client().list(Deployment, { namespace: 'shop' })
    await client().list(Deployment)
    expect(requests.map(({ method, url }) => `${method} ${new URL(url).pathname}`)).toEqual([
      'GET /api/v1/namespaces/shop/pods/web-1',
      'GET /api/v1/nodes/n1',
      'GET /api/v1/pods',
      'GET /apis/apps/v1/namespaces/shop/deployments',
      'GET /apis/apps/v1/deployments',
    ])
  })

  it('the URL of a request has the options that are set as its query, and no others', async () => {
    const { client, requests } = serve(() => list([]))
    await client().list(Pod, {
      labelSelector: 'app in (a,b)',
      fieldSelector: '',
      limit: 5,
      resourceVersion: '0',
      resourceVersionMatch: undefined,
    })
    expect(Object.fromEntries(new URL(requests[0]?.url ?? '').searchParams)).toEqual({
      labelSelector: 'app in (a,b)',
      limit: '5',
      resourceVersion: '0',
    })
    expect(requests[0]?.headers.get('accept')).toBe('application/json')
  })

  it('the URL of a request keeps a name in its place, whatever is in it', async () => {
    const { client, requests } = serve(() => pod('x'))
    await client().get(Node, 'system:b?c#d é')
    expect(new URL(requests[0]?.url ?? '').pathname).toBe('/api/v1/nodes/system%3Ab%3Fc%23d%20%C3%A9')
  })

  it.each([
    [
      'a namespaced object without a namespace',
      (client: KubeClient) => client.get(Pod, 'x'),
      'pods is namespaced: say in which namespace "x" is',
    ],
    [
      'a cluster-scoped object in a namespace',
      (client: KubeClient) => client.get(Node, 'x', { namespace: 'n' }),
      'nodes is cluster-scoped: leave out the namespace "n"',
    ],
    ['a cluster-scoped list in a namespace', (client: KubeClient) => client.list(Node, { namespace: 'n' }), 'nodes is cluster-scoped'],
    [
      'cluster-scoped entries in a namespace',
      (client: KubeClient) => client.listEntries(Node, { namespace: 'n' }),
      'nodes is cluster-scoped',
    ],
    [
      'a cluster-scoped watch in a namespace',
      (client: KubeClient) => client.watch(Node, { namespace: 'n' }).next(),
      'nodes is cluster-scoped',
    ],
    ['an empty name', (client: KubeClient) => client.get(Deployment, '', { namespace: 'n' }), 'deployments.apps: the name is empty'],
    ['a name that is a step in a path', (client: KubeClient) => client.get(Node, '..'), 'nodes: the name must not be ".."'],
    [
      'a namespace that is a step in a path',
      (client: KubeClient) => client.list(Pod, { namespace: '.' }),
      'pods: the namespace must not be "."',
    ],
  ])('the URL of a request is not made for %s', async (_what, ask, message) => {
    const { client, requests } = serve(() => list([]))
    const error = await errorOf(ask(client()))
    expect(error).toBeInstanceOf(TypeError)
    expect(error).toMatchObject({ message: expect.stringContaining(message) })
    expect(requests).toEqual([])
  })
})

describe('a base URL', () => {
  it.each(['', '/', '/k8s/clusters/c1', '127.0.0.1:8001'])(
    'a base URL that is not absolute is accepted outside a browser until the first request: %j',
    async (baseUrl) => {
      const { client, requests } = serve(() => list([]))
      const kube = client({ baseUrl })
      expect(await errorOf(kube.list(Pod))).toMatchObject({
        name: 'TypeError',
        message: expect.stringMatching(
          /^KubeClient: outside a browser baseUrl must be absolute, such as http:\/\/127\.0\.0\.1:8001, not "/,
        ),
      })
      expect(requests).toEqual([])
    },
  )

  it.each(['ftp://host', 'http:', 'file:///x', 'http:/host'])('a base URL is refused when it is not http or https: %s', (baseUrl) => {
    expect(() => new KubeClient({ baseUrl })).toThrow(`baseUrl must be http or https, not "${baseUrl}"`)
  })

  it.each(['http://host/?a=b', 'http://host/#x'])('a base URL is refused with a query or a fragment: %s', (baseUrl) => {
    expect(() => new KubeClient({ baseUrl })).toThrow('baseUrl must have no query and no fragment')
  })

  it.each([
    'http://ann:hunter2@host',
    'http://hunter2@host',
    'http://@host',
    'http:///ann:hunter2@host',
    'http:ann:hunter2@host',
    'http:/ann:hunter2@host',
    'ftp://ann:hunter2@host',
    'ann:hunter2@host:8001',
    '//ann:hunter2@host',
    new URL('http://ann:hunter2@host'),
    'http://host/?token=hunter2',
    'http://host/#hunter2',
    'http://admin:hunter2',
    'http://host\nhunter2',
  ])('a base URL with a credential is refused, and the error does not quote it: %s', (baseUrl) => {
    for (const page of [undefined, new URL('http://page.test/')]) {
      vi.stubGlobal('location', page)
      let error: unknown
      try {
        new KubeClient({ baseUrl })
      } catch (thrown) {
        error = thrown
      }
      expect(error).toBeInstanceOf(TypeError)
      expect((error as Error).message).toMatch(/^KubeClient: baseUrl must /)
      expect((error as Error).stack).not.toContain('hunter2')
    }
  })

  it.each([
    '/\\host',
    '\\\\host',
    '//host',
    '///host',
    '/\t/host',
    ' http://host',
    'http://host ',
    'http://ho st',
    'http://host/a\r\nb',
    '/\u00a0/x',
    'http://host\0',
  ])('a base URL that a browser reads as another host, or with white space, is refused: %j', (baseUrl) => {
    vi.stubGlobal('location', new URL('http://page.test/'))
    expect(() => new KubeClient({ baseUrl })).toThrow(/^KubeClient: baseUrl must have no (white space|backslash)/)
  })

  it.each(['http://', 'http://[::1', 'http://host:99999', 'http://:80'])('a base URL that is no URL is refused: %s', (baseUrl) => {
    expect(() => new KubeClient({ baseUrl })).toThrow(/^KubeClient: baseUrl must be (a URL|http or https)/)
  })

  it.each([
    [undefined, ''],
    ['', ''],
    ['/', ''],
    ['/k8s/clusters/c1/', '/k8s/clusters/c1'],
    ['k8s', '/k8s'],
    ['/@team/k8s', '/@team/k8s'],
  ])('in a page may be a path: %j', (baseUrl, expected) => {
    vi.stubGlobal('location', new URL('http://page.test/'))
    expect(new KubeClient({ baseUrl }).baseUrl).toBe(expected)
  })
})

describe('what a request carries', () => {
  it('a request carries the given headers and the impersonated user', async () => {
    const { client, requests } = serve(() => list([]))
    await client({ headers: { 'x-team': 'shop' }, impersonate: { user: 'ann', uid: 'u1', groups: ['dev'] } }).list(Pod)
    expect(Object.fromEntries(requests[0]?.headers ?? [])).toMatchObject({
      'x-team': 'shop',
      'impersonate-user': 'ann',
      'impersonate-uid': 'u1',
      'impersonate-group': 'dev',
    })
  })

  it('a request never carries two groups in one header, which the server would take for one', () => {
    expect(() => serve(() => list([])).client({ impersonate: { user: 'ann', groups: ['dev', 'ops'] } })).toThrow(
      'impersonate.groups can have one group, since fetch cannot repeat a header, not 2',
    )
  })

  it.each([
    ['an empty user', { user: '' }],
    ['a user of spaces', { user: '  ' }],
    ['a user with a space at its end', { user: 'ann ' }],
    ['a user with a line break', { user: 'ann\nImpersonate-Group: system:masters' }],
    ['a user beyond Latin-1', { user: 'Ана' }],
    ['no user', {}],
    ['a group without a user', { groups: ['dev'] }],
    ['a uid without a user', { uid: 'u1' }],
    ['a user that is null', { user: null }],
    ['an empty group', { user: 'ann', groups: [''] }],
    ['a group of spaces', { user: 'ann', groups: [' '] }],
    ['an empty uid', { user: 'ann', uid: '' }],
  ])('what a request carries is never sent with the rights of the credentials instead of the impersonated: %s', (_what, impersonate) => {
    expect(() => serve(() => list([])).client({ impersonate: impersonate as never })).toThrow(TypeError)
  })

  it.each([
    ['an empty user', { 'Impersonate-User': '' }],
    ['a group alone', { 'impersonate-group': 'dev' }],
    ['an extra field alone', { 'Impersonate-Extra-scopes': 'view' }],
  ])('what a request carries is never sent with an impersonation in its headers that the server would ignore: %s', (_what, headers) => {
    expect(() => serve(() => list([])).client({ headers })).toThrow(TypeError)
  })

  it('the impersonated user is known to the client, however it was set', () => {
    const { client } = serve(() => list([]))
    expect(client().impersonates).toBeUndefined()
    expect(client({ headers: { 'x-team': 'a' } }).impersonates).toBeUndefined()
    const ann = client({ impersonate: { user: 'ann', uid: 'u1', groups: ['dev'] } }).impersonates
    expect(ann).toBe('impersonate-group=dev&impersonate-uid=u1&impersonate-user=ann')
    expect(client({ headers: { 'Impersonate-User': 'ann', 'Impersonate-Group': 'dev', 'Impersonate-Uid': 'u1' } }).impersonates).toBe(ann)
    expect(client({ impersonate: { user: 'ann&impersonate-group=dev' } }).impersonates).not.toBe(
      client({ impersonate: { user: 'ann', groups: ['dev'] } }).impersonates,
    )
  })

  it('a request carries the headers that ky’s hooks add', async () => {
    const { client, requests } = serve(() => list([]))
    await client({ hooks: { beforeRequest: [({ request }) => request.headers.set('x-trace', '1')] } }).list(Pod)
    expect(requests[0]?.headers.get('x-trace')).toBe('1')
  })

  it('a raw request has its own method, body and headers', async () => {
    const { client, requests } = serve(async (request) => new Response(await request.text()))
    const response = await client().request({
      path: 'api/v1/x',
      method: 'PATCH',
      body: '{}',
      headers: { 'content-type': 'application/merge-patch+json', accept: 'text/plain' },
      params: new URLSearchParams({ a: '1' }),
    })
    const [request] = requests
    expect(`${request?.method} ${request?.url}`).toBe('PATCH http://kube.test/api/v1/x?a=1')
    expect(request?.headers.get('content-type')).toBe('application/merge-patch+json')
    expect(request?.headers.get('accept')).toBe('text/plain')
    expect(await response.text()).toBe('{}')
  })
})

describe('a schema', () => {
  const sized: StandardSchemaV1<unknown, KubeObject & { size: number }> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) =>
        typeof (value as { size?: unknown }).size === 'number'
          ? { value: value as KubeObject & { size: number } }
          : { issues: [{ message: 'must be a number', path: ['size'] }] },
    },
  }
  const Widget = defineResource({ group: 'example.com', version: 'v1', plural: 'widgets', kind: 'Widget', schema: sized })

  it('a schema validates the objects that are read, and leaves them unchanged', async () => {
    const { client } = serve((request) =>
      request.url.endsWith('/widgets')
        ? { metadata: {}, items: [{ ...pod('a'), size: 1, more: true }] }
        : { ...pod('a'), size: 1, more: true },
    )
    expect(await client().get(Widget, 'a', { namespace: 'n' })).toEqual({ ...pod('a'), size: 1, more: true })
    expect((await client().list(Widget)).items[0]?.size).toBe(1)
  })

  it.each([
    ['get', (client: KubeClient) => client.get(Widget, 'a', { namespace: 'n' }), { ...pod('a') }],
    [
      'list',
      (client: KubeClient) => client.list(Widget),
      {
        metadata: {},
        items: [
          { ...pod('a'), size: 1 },
          { ...pod('b'), size: 'x' },
        ],
      },
    ],
  ])('a schema refuses what does not fit, in %s', async (_how, read, answer) => {
    const error = await errorOf(read(serve(() => answer).client()))
    expect(error).toBeInstanceOf(SchemaError)
    expect(error).toMatchObject({ message: 'the object does not match its schema: size: must be a number', issues: [{ path: ['size'] }] })
  })

  it('an asynchronous schema is refused, because objects are validated in the order of the wire', async () => {
    const schema: StandardSchemaV1<unknown, KubeObject> = {
      '~standard': { version: 1, vendor: 'test', validate: async (value) => ({ value: value as KubeObject }) },
    }
    const Later = defineResource({ version: 'v1', plural: 'laters', kind: 'Later', schema })
    expect(
      await errorOf(
        serve(() => pod('a'))
          .client()
          .get(Later, 'a', { namespace: 'n' }),
      ),
    ).toMatchObject({ name: 'TypeError', message: expect.stringContaining('the schema is asynchronous') })
  })
})

describe('pages', () => {
  const collect = async (pages: AsyncIterable<{ items: readonly KubeObject[] }>) => {
    const all: (string | undefined)[][] = []
    for await (const { items } of pages) all.push(items.map(({ metadata }) => metadata.name))
    return all
  }
  const queries = (requests: readonly Request[]) => requests.map(({ url }) => Object.fromEntries(new URL(url).searchParams))

  it('pages are requested one by one, with the token alone after the first', async () => {
    const { client, requests } = serve(
      (_request, count) => [list(['a', 'b'], { continue: 't1' }), list(['c'], { continue: 't2' }), list(['d'])][count - 1],
    )
    expect(await collect(client().pages(Pod, { namespace: 'n', labelSelector: 'app=x', limit: 2, resourceVersion: '5' }))).toEqual([
      ['a', 'b'],
      ['c'],
      ['d'],
    ])
    expect(queries(requests)).toEqual([
      { labelSelector: 'app=x', limit: '2', resourceVersion: '5', resourceVersionMatch: 'NotOlderThan' },
      { labelSelector: 'app=x', limit: '2', continue: 't1' },
      { labelSelector: 'app=x', limit: '2', continue: 't2' },
    ])
  })

  it('pages have 500 objects each unless another limit is given', async () => {
    const { client, requests } = serve(() => list([]))
    await collect(client().pages(Pod))
    expect(queries(requests)).toEqual([{ limit: '500' }])
  })

  it('pages that expire half way are followed by the rest as one page, no older, without the objects already yielded', async () => {
    const { client, requests } = serve(
      (_request, count) =>
        [list(['a', 'b'], { continue: 't1' }), status(410, 'Expired'), list(['a', 'c'], { resourceVersion: '9' })][count - 1],
    )
    expect(await collect(client().pages(Pod, { limit: 2 }))).toEqual([['a', 'b'], ['c']])
    expect(queries(requests)[2]).toEqual({ resourceVersion: '1', resourceVersionMatch: 'NotOlderThan' })
  })

  it('pages that expire at the first page are an ExpiredError', async () => {
    expect(
      await errorOf(
        collect(
          serve(() => status(410, 'Expired'))
            .client()
            .pages(Pod, { resourceVersion: '1' }),
        ),
      ),
    ).toSatisfy(isExpiredError)
  })

  it('pages that the caller no longer reads are not requested', async () => {
    const { client, requests } = serve(() => list(['a'], { continue: 't' }))
    for await (const _page of client().pages(Pod)) break
    expect(requests).toHaveLength(1)
  })
})
