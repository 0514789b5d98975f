import { describe, expect, test } from 'vitest'
import { discover } from '../../src/discovery/discovery'
import { FakeApiServer } from '../../src/testing'
import { serve, status } from '../http/server'
import { clientAsking, clientOf, define } from './support'

const summary = (version: string) => ({ group: 'example.com', version, plural: 'widgets', kind: 'Widget', scope: 'Namespaced' })

/** A group in the aggregated form. */
const group = (name: string, versions: readonly [version: string, freshness: string, ...plurals: string[]][]) => ({
  metadata: name ? { name } : {},
  versions: versions.map(([version, freshness, ...plurals]) => ({
    version,
    freshness,
    resources: plurals.map((resource) => ({
      resource,
      responseKind: { group: name, version, kind: `A${resource}` },
      scope: 'Cluster',
      verbs: ['list'],
    })),
  })),
})

const aggregated = (...items: object[]) => ({ kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', items })

/** A server that answers by path; what it lacks is 404. */
const answering = (answers: Record<string, unknown>) =>
  serve((request) => answers[new URL(request.url).pathname.slice(1)] ?? status(404, 'NotFound'))

describe('discover', () => {
  test('discover reads everything in two requests with aggregated discovery', async () => {
    const server = new FakeApiServer()
    define(server)
    const { groups, resources, failures } = await discover(clientOf(server))
    expect(server.requests.map(({ url }) => new URL(url).pathname)).toEqual(['/api', '/apis'])
    expect(groups.map(({ name }) => name)).toEqual([
      '',
      'apps',
      'apiextensions.k8s.io',
      'example.com',
      'authorization.k8s.io',
      'authentication.k8s.io',
    ])
    expect(resources.find(({ plural }) => plural === 'widgets')).toEqual({
      ...summary('v1'),
      singular: 'widget',
      shortNames: ['wd'],
      categories: [],
      verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
      subresources: [],
      preferred: true,
    })
    expect(resources.find(({ plural }) => plural === 'pods')?.subresources).toContainEqual({
      name: 'status',
      kind: 'Pod',
      verbs: ['get', 'patch', 'update'],
    })
    expect(failures).toEqual([])
  })

  test('discover asks for v2, then v2beta1, then the form of older servers', async () => {
    const { requests, client } = answering({ api: aggregated(), apis: aggregated() })
    await discover(client())
    expect(requests[0]?.headers.get('accept')).toBe(
      'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,' +
        'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json',
    )
  })

  test('discover accepts v2beta1', async () => {
    const { client } = answering({
      api: aggregated(),
      apis: { ...aggregated(group('x.io', [['v1', 'Current', 'xs']])), apiVersion: 'apidiscovery.k8s.io/v2beta1' },
    })
    expect((await discover(client())).resources).toMatchObject([
      { group: 'x.io', version: 'v1', plural: 'xs', kind: 'Axs', singular: 'axs' },
    ])
  })

  test('discover reads group by group without aggregated discovery, and finds the same', async () => {
    const server = new FakeApiServer()
    define(server)
    const whole = await discover(clientOf(server))
    server.forgetRequests()
    const legacy = await discover(clientAsking(server, 'application/json'))
    expect(server.requests.map(({ url }) => new URL(url).pathname).sort()).toEqual([
      '/api',
      '/api/v1',
      '/apis',
      '/apis/apiextensions.k8s.io/v1',
      '/apis/apps/v1',
      '/apis/authentication.k8s.io/v1',
      '/apis/authorization.k8s.io/v1',
      '/apis/example.com/v1',
    ])
    expect(legacy.resources).toEqual(whole.resources)
    expect(legacy.groups).toEqual(whole.groups)
  })

  test('discover knows the preferred version of a group, which need not be the first of the legacy list', async () => {
    const resources = [{ name: 'xs', singularName: 'x', namespaced: true, kind: 'X', verbs: ['list'] }]
    const versions = [{ version: 'v1beta1' }, { version: 'v1' }]
    const { client } = answering({
      apis: { kind: 'APIGroupList', groups: [{ name: 'x.io', versions, preferredVersion: { version: 'v1' } }] },
      'apis/x.io/v1': { resources },
      'apis/x.io/v1beta1': { resources },
    })
    const discovery = await discover(client())
    expect(discovery.groups).toEqual([{ name: 'x.io', versions: ['v1', 'v1beta1'], preferredVersion: 'v1' }])
    expect(discovery.resources.map(({ version, preferred }) => [version, preferred])).toEqual([
      ['v1', true],
      ['v1beta1', false],
    ])
  })

  test('discover lists stale versions among the failures, and prefers readable ones', async () => {
    const { client } = answering({
      api: aggregated(group('', [['v1', 'Current', 'pods']])),
      apis: aggregated(
        group('metrics.k8s.io', [['v1beta1', 'Stale', 'nodes']]),
        group('x.io', [
          ['v2', 'Stale'],
          ['v1', 'Current', 'xs'],
        ]),
      ),
    })
    const discovery = await discover(client())
    expect(discovery.failures).toEqual([
      { group: 'metrics.k8s.io', version: 'v1beta1' },
      { group: 'x.io', version: 'v2' },
    ])
    expect(discovery.groups.map(({ name, preferredVersion }) => [name, preferredVersion])).toEqual([
      ['', 'v1'],
      ['x.io', 'v1'],
    ])
    expect(discovery.resolve('xs')).toMatchObject({ version: 'v1', preferred: true })
    expect(() => discovery.resolve('nodes.metrics.k8s.io')).toThrow('(could not be read: metrics.k8s.io/v1beta1, x.io/v2)')
  })

  test('discover lists a group whose server is down among the failures, and reads the rest', async () => {
    const server = new FakeApiServer()
    define(server)
    server.faults.add({ match: ({ url }) => url.includes('example.com'), fault: { type: 'status', status: 503 } })
    const discovery = await discover(clientAsking(server, 'application/json'))
    expect(discovery.failures).toMatchObject([{ group: 'example.com', version: 'v1', error: { status: 503 } }])
    expect(discovery.resolve('deploy').plural).toBe('deployments')
  })

  test('discover tolerates a root that is denied or missing', async () => {
    const apis = aggregated(group('x.io', [['v1', 'Current', 'xs']]))
    expect((await discover(answering({ apis }).client())).resources).toHaveLength(1)
    expect((await discover(answering({ api: status(403, 'Forbidden'), apis }).client())).resources).toHaveLength(1)
    await expect(discover(answering({}).client())).rejects.toMatchObject({ status: 404 })
  })

  test('discover rejects when the server is down, sends something else, or the signal is aborted', async () => {
    await expect(discover(answering({ api: status(503, 'Down'), apis: aggregated() }).client())).rejects.toMatchObject({ status: 503 })
    await expect(discover(answering({ api: {}, apis: {} }).client())).rejects.toThrow(
      'http://kube.test/api: the response lists no API groups: {}',
    )
    await expect(discover(answering({}).client(), { signal: AbortSignal.abort('enough') })).rejects.toBe('enough')
  })

  test('discover returns the previous result when nothing has changed, and reads only changed parts', async () => {
    const server = new FakeApiServer()
    const client = clientOf(server)
    const previous = await discover(client)
    expect(await discover(client, { previous })).toBe(previous)
    expect(server.requests.map(({ status }) => status)).toEqual([200, 200, 304, 304])
    define(server)
    const next = await discover(client, { previous })
    expect(next.resolve('wd').kind).toBe('Widget')
    expect(next.roots[0]).toBe(previous.roots[0])
  })

  test('discover returns the previous result without ETags as well, which browsers may hide', async () => {
    const { client } = answering({ api: aggregated(group('', [['v1', 'Current', 'pods']])), apis: aggregated() })
    const previous = await discover(client())
    expect(await discover(client(), { previous })).toBe(previous)
  })

  test('discover omits resources without a kind', async () => {
    const nameless = { metadata: { name: 'x.io' }, versions: [{ version: 'v1', resources: [{ resource: 'xs', scope: 'Cluster' }] }] }
    const { client } = answering({ api: aggregated(), apis: aggregated(nameless) })
    expect((await discover(client())).resources).toEqual([])
  })
})
