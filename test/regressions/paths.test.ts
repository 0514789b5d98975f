import { describe, expect, test } from 'vitest'
import { Access } from '../../src/access/access'
import { defineResource, type Resource } from '../../src/api/resource'
import { discover } from '../../src/discovery/discovery'
import { openapi } from '../../src/discovery/openapi'
import { KubeClient } from '../../src/http/client'
import { listTable } from '../../src/http/table'
import { createInformer } from '../../src/informer/create-informer'
import { SharedInformer } from '../../src/informer/shared-informer'
import { metadata } from '../../src/informer/sources/metadata'
import { table } from '../../src/informer/sources/table'
import { memoryPersister } from '../../src/persistence/memory/memory-persister'
import { refuseSecrets } from '../../src/persistence/sensitive'
import { Deployment } from '../../src/resources/apps/v1'
import { ConfigMap, Pod, Secret } from '../../src/resources/core/v1'
import { ListWatch } from '../../src/source/list-watch'
import { metadataListWatch } from '../../src/source/metadata'

function setUp(answer: (path: string) => unknown = () => ({ kind: 'PodList', metadata: {}, items: [] })) {
  const paths: string[] = []
  const fetch = async (request: Request) => {
    const { pathname } = new URL(request.url)
    paths.push(pathname)
    return Response.json(answer(pathname))
  }
  return { client: new KubeClient({ baseUrl: 'http://kube.test/cluster', fetch }), paths }
}
const failureOf = (work: () => unknown) =>
  Promise.resolve()
    .then(work)
    .then(
      () => expect.unreachable('it should have failed'),
      (error: Error) => error,
    )
const pods: Resource = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', scope: 'Namespaced' }
const shop = { namespace: 'shop' }
const hostile = ['..', '.', '../../../api/v1/secrets', 'a/b', '%2e%2e', '..%2f', '..\\secrets', 'a\0', '\uff0e\uff0e', '', 'a\n']

describe('a path is not steered by', () => {
  test.each(hostile)('a path is not steered by a group, version or plural %j, as a hostile discovery document has it', async (value) => {
    const { client, paths } = setUp()
    for (const member of ['group', 'version', 'plural'] as const) {
      // The empty group is the core group.
      if (value === '' && member === 'group') continue
      const resource = { ...pods, [member]: value }
      const uses: (() => unknown)[] = [
        () => client.list(resource),
        () => client.get(resource, 'a', shop),
        () => client.listEntries(resource),
        () => client.watchEntries(resource).next(),
        () => client.create(resource, { metadata: { name: 'a', ...shop } }),
        () => client.delete(resource, 'a', shop),
        () => client.deleteCollection(resource, shop),
        () => listTable(client, resource),
        () => new Access(client).can('get', resource, shop),
        () => new ListWatch(client, resource),
        () => metadataListWatch(client, resource),
        () => createInformer(client, resource, { persist: { to: memoryPersister() } }),
      ]
      for (const use of uses) {
        const error = await failureOf(use)
        expect(error).toBeInstanceOf(TypeError)
        expect(error.message).toMatch(new RegExp(`the resource's ${member} (is empty|must)`))
      }
    }
    expect(paths).toEqual([])
  })

  test.each(hostile)('a path is not steered by a namespace, name or subresource %j', async (value) => {
    const { client, paths } = setUp()
    const uses: (() => unknown)[] = [
      () => client.get(Pod, value, shop),
      () => client.delete(Pod, value, shop),
      () => client.patch(Pod, value, { merge: {} }, shop),
      () => client.replace(Pod, { metadata: { name: value, ...shop } } as Pod),
      () => client.get(Pod, 'a', { namespace: value }),
      () => client.delete(Pod, 'a', { ...shop, subresource: value } as never),
      () => client.deleteCollection(Pod, { ...shop, subresource: value } as never),
      () => client.get(Pod, 'a', { ...shop, subresource: value }),
      () => client.patch(Pod, 'a', { merge: {} }, { ...shop, subresource: value }),
      () => client.create(Pod, { metadata: { name: 'a', ...shop } } as never, { subresource: value }),
      () => client.logs({ name: value, ...shop }).next(),
      () => client.logs({ name: 'a', namespace: value }).next(),
      // The empty namespace is all of them.
      ...(value === '' ? [] : [() => client.list(Pod, { namespace: value }), () => new ListWatch(client, Pod, { namespace: value })]),
    ]
    for (const use of uses) expect(await failureOf(use)).toBeInstanceOf(TypeError)
    expect(paths).toEqual([])
  })

  test('a path is not steered by a subresource of several segments', async () => {
    const { client, paths } = setUp()
    const error = await failureOf(() => client.get(Pod, 'a', { ...shop, subresource: 'a/../../b' }))
    expect(error.message).toBe('pods: the subresource must not contain "/", got "a/../../b"')
    expect(paths).toEqual([])
  })

  test.each(['/evil.test/x', '../x', 'a\\b'])('a raw request for %j', async (path) => {
    const { client, paths } = setUp()
    expect(await failureOf(() => client.request({ path }))).toBeInstanceOf(TypeError)
    expect(paths).toEqual([])
  })

  test('a path is not steered by the versions that an old server lists: such a version cannot be read, the others can', async () => {
    const { client, paths } = setUp((path) => {
      if (path.endsWith('/api')) return { kind: 'APIVersions', versions: ['v1', '../../x'] }
      if (path.endsWith('/apis')) return { kind: 'APIGroupList', groups: [{ name: '..', versions: [{ version: 'v1' }] }] }
      return { resources: [{ name: 'pods', kind: 'Pod', namespaced: true, verbs: [] }] }
    })
    const { resources, failures } = await discover(client)
    expect(resources.map(({ plural, version }) => `${version}/${plural}`)).toEqual(['v1/pods'])
    expect(failures).toMatchObject([
      { group: '', version: '../../x', error: { message: expect.stringContaining('a version whose name must not contain') } },
      { group: '..', version: 'v1', error: { message: expect.stringContaining('a group whose name must not be') } },
    ])
    expect(paths.sort()).toEqual(['/cluster/api', '/cluster/api/v1', '/cluster/apis'])
  })

  test.each([
    'https://evil.test/x',
    '//evil.test/x',
    '/\\evil.test/x',
    '/../../api/v1/secrets',
    '/openapi/%2e%2e/x',
    'openapi/v3',
    '/openapi#x',
    '',
    null,
    5,
  ])('the address %j of an OpenAPI document', async (serverRelativeURL) => {
    const { client, paths } = setUp(() => ({ paths: { 'apis/apps/v1': { serverRelativeURL } } }))
    const error = await failureOf(() => openapi(client, Deployment))
    expect(error.message).toContain('the server gives an OpenAPI v3 address for apps/v1 that is not a path on the same server')
    expect(paths).toEqual(['/cluster/openapi/v3'])
  })
})

describe('Secrets are not stored by accident,', () => {
  const scope = { cluster: 'c', user: '', namespace: '', labelSelector: '', fieldSelector: '', version: '' }

  test.each(['secrets', 'Secrets', 'SECRETS'])('whatever kind a resource with the plural %s says it has', (plural) => {
    const { client } = setUp()
    const resource: Resource = { ...pods, plural, kind: 'ConfigMap' }
    for (const source of [undefined, metadata(), table()]) {
      expect(() => createInformer(client, resource, { persist: { to: memoryPersister() }, source } as never)).toThrow(
        "sensitive: ['secrets']",
      )
    }
  })

  test('Secrets are not stored by accident when the scope says something else than the source', () => {
    const { client } = setUp()
    const persistence = { persister: memoryPersister(), scope: { ...scope, resource: 'configmaps/v1' } }
    expect(() => new SharedInformer(new ListWatch(client, Secret), { persistence })).toThrow("sensitive: ['secrets']")
    new SharedInformer(new ListWatch(client, ConfigMap), { persistence })
  })

  test.each(['secrets/v1', 'Secrets/v1', 'secrets', '../../../api/v1/secrets/v1', 'x/../secrets?a', '..\\secrets'])(
    'in a scope for %j',
    (resource) => {
      expect(() => refuseSecrets({ resource }, {})).toThrow("sensitive: ['secrets']")
      refuseSecrets({ resource }, { sensitive: ['secrets'] })
    },
  )

  test.each([
    'configmaps/v1',
    'vaultstaticsecrets.secrets.hashicorp.com/v1beta1',
    'sealedsecrets.bitnami.com/v1alpha1',
    'externalsecrets/v1',
  ])('and %s are something else', (resource) => refuseSecrets({ resource }, {}))
})

describe('a wrong argument is answered with a sentence, not with what JavaScript says of undefined:', () => {
  test.each<[string, unknown, string]>([
    ['a kind alone', { kind: 'Pod' }, 'the resource { kind } has no group, version, plural, scope: use one of kubeflect/resources'],
    ['a plural alone', { plural: 'pods' }, 'the resource { plural } has no group, version, kind, scope'],
    ['undefined', undefined, 'expected a resource (use one of kubeflect/resources, defineResource(…) or discovery), got undefined'],
    ['null', null, 'got null'],
    ['a string', 'pods', 'got "pods"'],
    ['a number', 5, 'got 5'],
    ['a function', () => 5, 'got a function'],
    ['numbers', { ...pods, version: 1 }, 'has no version'],
    ['a Secret', { kind: 'Secret', data: { password: 'aHVudGVyMg==' } }, 'the resource { kind, data } has no group'],
  ])('%s as the resource', async (_, given, message) => {
    const { client, paths } = setUp()
    const resource = given as Resource
    const uses: (() => unknown)[] = [
      () => createInformer(client, resource),
      () => createInformer(client, resource, { source: metadata() }),
      () => new ListWatch(client, resource),
      () => client.get(resource, 'a'),
      () => client.list(resource),
      () => client.listEntries(resource),
      () => client.watch(resource).next(),
      () => client.create(resource, { metadata: { name: 'a' } }),
      () => client.patch(resource, 'a', { merge: {} }),
      () => client.delete(resource, 'a'),
      () => client.deleteCollection(resource),
      () => new Access(client).can('get', resource),
    ]
    for (const use of uses) {
      const error = await failureOf(use)
      expect(error).toBeInstanceOf(TypeError)
      expect(error.message).toContain(message)
    }
    expect(paths).toEqual([])
  })

  test.each([undefined, null, {}, 5])(
    'a wrong client %j is answered with a sentence, not with JavaScript’s error about undefined',
    (client) => {
      expect(() => createInformer(client as never, Pod)).toThrow('expected a client, such as a KubeClient, got')
    },
  )

  test.each([undefined, null, {}, { metadata: null }])(
    'a wrong object %j is answered with a sentence, not with JavaScript’s error about undefined',
    async (object) => {
      const { client } = setUp()
      const error = await failureOf(() => client.create(Pod, object as never))
      expect(error.message).toBe('pods: create expects an object with metadata')
    },
  )

  test.each<[string, object, string]>([
    ['label', { labelSelector: 'app in (a' }, "expected ',' or ')', found the end (column 10 of the selector"],
    ['field', { fieldSelector: 'spec.nodeName' }, "expected '=', '==' or '!='"],
    ['label that is no string', { labelSelector: { app: 'web' } }, "labelSelector must be a string such as 'app=web,tier!=db', got"],
  ])('a %s selector that is broken', async (_, options, message) => {
    const { client, paths } = setUp()
    const uses: (() => unknown)[] = [
      () => createInformer(client, Pod, options),
      () => client.list(Pod, options),
      () => client.pages(Pod, options).next(),
      () => client.watch(Pod, options).next(),
      () => client.listEntries(Pod, options),
      () => client.deleteCollection(Pod, { ...shop, ...options }),
      () => listTable(client, Pod, options),
      () => new ListWatch(client, Pod, { tweakListOptions: (given) => ({ ...given, ...options }) }).list({}),
    ]
    for (const use of uses) expect((await failureOf(use)).message).toContain(message)
    expect(paths).toEqual([])
  })
})

test('names of definitions are those of the API server', () => {
  expect(defineResource({ group: 'acid.zalan.do', version: 'stable', plural: 'postgresqls', kind: 'postgresql' }).kind).toBe('postgresql')
})
