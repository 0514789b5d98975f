import { describe, expect, it } from 'vitest'
import { isApiError, isConflictError } from '../../src/api/errors'
import { defineResource } from '../../src/api/resource'
import { KubeClient } from '../../src/http/client'
import { updateWithRetry } from '../../src/http/update-with-retry'
import { Deployment } from '../../src/resources/apps/v1'
import { ConfigMap, Namespace, Pod } from '../../src/resources/core/v1'
import { FakeApiServer, podFixture } from '../../src/testing'
import { Widget } from '../testing/resources'
import { serve, status } from './server'

function setUp() {
  const server = new FakeApiServer({ resources: [Widget] })
  const client = new KubeClient({ baseUrl: 'http://kube.test', fetch: server.fetch })
  const changes = () => server.requests.filter(({ method }) => method !== 'GET')
  return { server, client, changes }
}

const map = (name: string, data: Record<string, string> = {}) => ({ metadata: { name, namespace: 'shop' }, data })
const shop = { namespace: 'shop' }
const deployment = (replicas: number) => ({
  metadata: { name: 'web', namespace: 'shop' },
  spec: { replicas, selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web' } } } },
})
const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => expect.unreachable('it should have failed'),
    (error: unknown) => error,
  )

describe('create', () => {
  it('create returns the object as the server stored it', async () => {
    const { client } = setUp()
    const created = await client.create(ConfigMap, map('a', { k: 'v' }))
    expect(created).toMatchObject({ kind: 'ConfigMap', metadata: { name: 'a', uid: expect.any(String) }, data: { k: 'v' } })
    expect(await client.get(ConfigMap, 'a', shop)).toEqual(created)
  })

  it('create takes the namespace from the options where the object has none, and a generateName for a name', async () => {
    const { client } = setUp()
    const created = await client.create(ConfigMap, { metadata: { generateName: 'gen-' } }, shop)
    expect(created.metadata).toMatchObject({ namespace: 'shop', name: expect.stringMatching(/^gen-.{5}$/) })
  })

  it('create sends kind and apiVersion, which custom resources need, and the options under their names', async () => {
    const { client, requests } = serve((request) => request.json())
    await client().create(Widget, { metadata: { name: 'w' } }, { ...shop, dryRun: 'All', fieldManager: 'me', fieldValidation: 'Strict' })
    const [request] = requests
    expect(`${request?.method} ${request?.url}`).toBe(
      'POST http://kube.test/apis/example.com/v1/namespaces/shop/widgets?dryRun=All&fieldManager=me&fieldValidation=Strict',
    )
    expect(request?.headers.get('content-type')).toBe('application/json')
    const echo = await client().create(Widget, { metadata: { name: 'w' } }, shop)
    expect(echo).toEqual({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w' } })
  })

  it('as a dry run stores nothing', async () => {
    const { client, server } = setUp()
    expect(await client.create(ConfigMap, map('a'), { dryRun: 'All' })).toMatchObject({ metadata: { uid: expect.any(String) } })
    expect(server.list(ConfigMap)).toEqual([])
  })

  it('create with an existing name fails with a 409', async () => {
    const { client } = setUp()
    await client.create(ConfigMap, map('a'))
    const error = await failureOf(client.create(ConfigMap, map('a')))
    expect(error).toMatchObject({
      status: 409,
      reason: 'AlreadyExists',
      message: 'POST http://kube.test/api/v1/namespaces/shop/configmaps: 409 AlreadyExists: configmaps "a" already exists',
    })
    expect(isConflictError(error)).toBe(false)
  })
})

describe('what cannot be sent', () => {
  const { client, changes } = setUp()
  it.each<[string, () => Promise<unknown>, string]>([
    [
      'an object without a name',
      () => client.create(ConfigMap, { metadata: {} }, shop),
      'configmaps: the object needs a metadata.name or a generateName',
    ],
    [
      'a replacement without a name',
      () => client.replace(ConfigMap, { metadata: { generateName: 'x' } }, shop),
      'configmaps: the object needs a metadata.name',
    ],
    [
      'a namespaced object without a namespace',
      () => client.create(ConfigMap, { metadata: { name: 'a' } }),
      'configmaps is namespaced: say in which namespace "a" is',
    ],
    [
      'an object in another namespace than the options say',
      () => client.replace(ConfigMap, map('a'), { namespace: 'other' }),
      'configmaps: a is in the namespace shop, and the options say other',
    ],
    [
      'a cluster-scoped object in a namespace',
      () => client.create(Namespace, { metadata: { name: 'a' } }, shop),
      'namespaces is cluster-scoped: leave out the namespace "shop"',
    ],
    [
      'a name that is a step in a path',
      () => client.delete(ConfigMap, '..', shop),
      'configmaps: the name must not be "..", which leads to another path',
    ],
    ['an empty name', () => client.patch(ConfigMap, '', { merge: {} }, shop), 'configmaps: the name is empty'],
    [
      'a collection without its namespace',
      () => client.deleteCollection(ConfigMap),
      'configmaps is namespaced: say in which namespace to delete the collection',
    ],
    [
      'a patch of no kind',
      // @ts-expect-error a patch says of which kind it is
      () => client.patch(ConfigMap, 'a', { data: {} }, shop),
      'configmaps: a patch is one of { merge }, { json } and { strategic }',
    ],
    [
      'a patch of two kinds',
      // @ts-expect-error a patch is of one kind
      () => client.patch(ConfigMap, 'a', { merge: {}, json: [] }, shop),
      'configmaps: a patch is one of { merge }, { json } and { strategic }',
    ],
  ])('what cannot be sent is %s: a TypeError, and no request', async (_what, send, message) => {
    const error = await failureOf(send())
    expect(error).toBeInstanceOf(TypeError)
    expect(error).toMatchObject({ message })
    expect(changes()).toEqual([])
  })
})

describe('replace', () => {
  it('replace replaces the version that was read, and no other', async () => {
    const { client } = setUp()
    const first = await client.create(ConfigMap, map('a', { k: '1' }))
    const second = await client.replace(ConfigMap, { ...first, data: { k: '2' } })
    expect(second.data).toEqual({ k: '2' })
    const error = await failureOf(client.replace(ConfigMap, { ...first, data: { k: '3' } }))
    expect(error).toSatisfy(isConflictError)
    expect(error).toSatisfy(isApiError)
    expect(error).toMatchObject({ name: 'ConflictError', conflicts: [], message: expect.stringContaining('the object has been modified') })
  })

  it('replace of a status leaves the rest unchanged, and replace of the object leaves the status', async () => {
    const { client, server } = setUp()
    const pod = server.create(Pod, podFixture(1, shop))
    const failed = await client.replace(Pod, { ...pod, spec: { containers: [] }, status: { phase: 'Failed' } }, { subresource: 'status' })
    expect(failed).toMatchObject({ spec: { nodeName: 'node-1' }, status: { phase: 'Failed' } })
    expect(await client.get(Pod, pod.metadata.name ?? '', { ...shop, subresource: 'status' })).toEqual(failed)
  })

  it('replace of a scale changes the number of replicas', async () => {
    const { client, server } = setUp()
    server.create(Deployment, deployment(1))
    const scale = await client.get(Deployment, 'web', { ...shop, subresource: 'scale' })
    expect(scale).toMatchObject({ kind: 'Scale', spec: { replicas: 1 }, status: { selector: 'app=web' } })
    await client.replace(Deployment, { ...scale, spec: { replicas: 3 } }, { subresource: 'scale' })
    expect((await client.get(Deployment, 'web', shop)).spec?.replicas).toBe(3)
    const patched = await client.patch(Deployment, 'web', { merge: { spec: { replicas: 5 } } }, { ...shop, subresource: 'scale' })
    expect(patched.spec?.replicas).toBe(5)
    expect(await failureOf(client.replace(Deployment, scale, { subresource: 'scale' }))).toSatisfy(isConflictError)
  })
})

describe('patch', () => {
  it.each([
    ['merge', { merge: { data: { k: null, z: '1' } } }, 'application/merge-patch+json', { z: '1' }],
    ['json', { json: [{ op: 'add', path: '/data/z', value: '1' }] }, 'application/json-patch+json', { k: 'v', z: '1' }],
    ['strategic', { strategic: { data: { z: '1' } } }, 'application/strategic-merge-patch+json', { k: 'v', z: '1' }],
  ] as const)('patch of the kind %s', async (_kind, patch, type, data) => {
    const { client, changes } = setUp()
    await client.create(ConfigMap, map('a', { k: 'v' }))
    expect((await client.patch(ConfigMap, 'a', patch, shop)).data).toEqual(data)
    expect(changes().at(-1)?.headers.get('content-type')).toBe(type)
  })

  it('patch that does not fit the object is a 422, with the server’s reason', async () => {
    const { client } = setUp()
    await client.create(ConfigMap, map('a'))
    expect(await failureOf(client.patch(ConfigMap, 'a', { json: [{ op: 'remove', path: '/data/x' }] }, shop))).toMatchObject({
      status: 422,
      message: expect.stringContaining('there is no value at'),
    })
  })

  it('patch of the strategic kind is 415 for a custom resource', async () => {
    const { client, server } = setUp()
    server.create(Widget, { metadata: { name: 'w', namespace: 'shop' } })
    expect(await failureOf(client.patch(Widget, 'w', { strategic: { spec: { size: 1 } } }, shop))).toMatchObject({ status: 415 })
  })
})

describe('apply', () => {
  const mine = { fieldManager: 'me' }

  it('apply creates the object, then changes it, and removes what is left out', async () => {
    const { client } = setUp()
    expect((await client.apply(ConfigMap, map('a', { k: '1', z: '1' }), mine)).data).toEqual({ k: '1', z: '1' })
    await client.patch(ConfigMap, 'a', { merge: { data: { other: '1' } } }, { ...shop, fieldManager: 'else' })
    expect((await client.apply(ConfigMap, map('a', { k: '2' }), mine)).data).toEqual({ k: '2', other: '1' })
  })

  it('apply that changes nothing makes no new version', async () => {
    const { client } = setUp()
    const first = await client.apply(ConfigMap, map('a', { k: '1' }), mine)
    expect((await client.apply(ConfigMap, map('a', { k: '1' }), mine)).metadata.resourceVersion).toBe(first.metadata.resourceVersion)
  })

  it('apply of fields that another manager owns is a ConflictError that lists managers and fields; with force it takes them', async () => {
    const { client } = setUp()
    await client.apply(Deployment, deployment(1), mine)
    await client.patch(Deployment, 'web', { merge: { spec: { paused: true } } }, { ...shop, fieldManager: 'kubectl "x"' })
    const other = { metadata: { name: 'web', namespace: 'shop' }, spec: { replicas: 2, paused: false } }
    const error = await failureOf(client.apply(Deployment, other, { fieldManager: 'other' }))
    expect(error).toMatchObject({
      name: 'ConflictError',
      conflicts: [
        { manager: 'me', field: '.spec.replicas' },
        { manager: 'kubectl "x"', field: '.spec.paused' },
      ],
      message: expect.stringContaining('Apply failed with 2 conflicts'),
    })
    expect((await client.apply(Deployment, other, { fieldManager: 'other', force: true })).spec).toMatchObject({
      replicas: 2,
      paused: false,
    })
    expect(await failureOf(client.apply(Deployment, deployment(3), mine))).toMatchObject({
      conflicts: [{ manager: 'other', field: '.spec.replicas' }],
    })
  })

  it('apply of an equal value shares the field: nothing conflicts, and a manager that omits it does not remove it', async () => {
    const { client } = setUp()
    await client.apply(ConfigMap, map('a', { k: '1' }), mine)
    await client.apply(ConfigMap, map('a', { k: '1' }), { fieldManager: 'other' })
    expect((await client.apply(ConfigMap, map('a', {}), mine)).data).toEqual({ k: '1' })
  })

  it('apply needs a fieldManager', async () => {
    const { client } = setUp()
    // @ts-expect-error who applies must say who it is
    const error = await failureOf(client.apply(ConfigMap, map('a'), {}))
    expect(error).toMatchObject({ status: 422, message: expect.stringContaining('fieldManager: Required value') })
  })

  it('apply names keyed items of lists in conflicts as the server does', async () => {
    const { client } = setUp()
    const pod = (image: string) => ({ metadata: { name: 'p', namespace: 'shop' }, spec: { containers: [{ name: 'web', image }] } })
    await client.apply(Pod, pod('a'), mine)
    expect(await failureOf(client.apply(Pod, pod('b'), { fieldManager: 'other' }))).toMatchObject({
      conflicts: [{ manager: 'me', field: '.spec.containers[name="web"].image' }],
    })
  })
})

describe('delete', () => {
  it('delete returns a Status when the object is gone, and the object while finalizers hold it', async () => {
    const { client, server } = setUp()
    await client.create(ConfigMap, map('a'))
    expect(await client.delete(ConfigMap, 'a', shop)).toMatchObject({ kind: 'Status', status: 'Success', details: { name: 'a' } })
    server.create(ConfigMap, { metadata: { name: 'b', namespace: 'shop', finalizers: ['example.com/x'] } })
    expect(await client.delete(ConfigMap, 'b', shop)).toMatchObject({ metadata: { deletionTimestamp: expect.any(String) } })
    expect(await failureOf(client.delete(ConfigMap, 'a', shop))).toMatchObject({
      status: 404,
      message: 'DELETE http://kube.test/api/v1/namespaces/shop/configmaps/a: 404 NotFound: configmaps "a" not found',
    })
  })

  it('delete sends its options in the body, under their names', async () => {
    const { client, requests } = serve((request) => request.json())
    const options = { gracePeriodSeconds: 0, propagationPolicy: 'Foreground', preconditions: { uid: 'u' } } as const
    expect(await client().delete(Pod, 'a', { ...shop, ...options, dryRun: 'All' })).toEqual({ ...options, dryRun: ['All'] })
    expect(requests[0]?.url).toBe('http://kube.test/api/v1/namespaces/shop/pods/a')
  })

  it('delete with preconditions that do not hold is a ConflictError; as a dry run it deletes nothing', async () => {
    const { client, server } = setUp()
    const { metadata } = await client.create(ConfigMap, map('a'))
    expect(await failureOf(client.delete(ConfigMap, 'a', { ...shop, preconditions: { uid: 'x' } }))).toSatisfy(isConflictError)
    const preconditions = { uid: metadata.uid, resourceVersion: metadata.resourceVersion }
    await client.delete(ConfigMap, 'a', { ...shop, preconditions, dryRun: 'All' })
    expect(server.list(ConfigMap)).toHaveLength(1)
    await client.delete(ConfigMap, 'a', { ...shop, preconditions })
    expect(server.list(ConfigMap)).toEqual([])
  })

  it('delete of a collection deletes the selected objects of the namespace, and returns them', async () => {
    const { client, server } = setUp()
    for (const [name, odd] of [
      ['a', 'yes'],
      ['b', 'no'],
      ['c', 'yes'],
    ] as const)
      server.create(ConfigMap, { metadata: { name, namespace: 'shop', labels: { odd } } })
    server.create(ConfigMap, { metadata: { name: 'a', namespace: 'other', labels: { odd: 'yes' } } })
    const gone = await client.deleteCollection(ConfigMap, { ...shop, labelSelector: 'odd=yes' })
    expect(gone).toMatchObject({ items: [{ metadata: { name: 'a' } }, { metadata: { name: 'c' } }] })
    expect(server.list(ConfigMap).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)).toEqual(['other/a', 'shop/b'])
  })
})

describe('the subresources of a pod', () => {
  it('eviction deletes it, unless a budget forbids that: the error says which', async () => {
    const { client, server } = setUp()
    const pod = server.create(Pod, podFixture(1, shop))
    const name = pod.metadata.name ?? ''
    expect(await client.create(Pod, { metadata: { name } }, { ...shop, subresource: 'eviction' })).toMatchObject({ status: 'Success' })
    expect(server.list(Pod)).toEqual([])
    const budget = {
      causes: [{ reason: 'DisruptionBudget', message: 'The disruption budget web needs 1 healthy pods and has 1 currently' }],
    }
    const refusing = serve(() =>
      status(429, 'TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", budget),
    )
    expect(await failureOf(refusing.client().create(Pod, { metadata: { name } }, { ...shop, subresource: 'eviction' }))).toMatchObject({
      status: 429,
      message: expect.stringMatching(/disruption budget\.; The disruption budget web needs 1 healthy pods and has 1 currently$/),
    })
  })

  it('eviction respects its preconditions and a dry run', async () => {
    const { client, server } = setUp()
    const { metadata } = server.create(Pod, podFixture(1, shop))
    const name = metadata.name ?? ''
    const evict = (deleteOptions: object) => client.create(Pod, { metadata: { name }, deleteOptions }, { ...shop, subresource: 'eviction' })
    expect(await failureOf(evict({ preconditions: { uid: 'x' } }))).toSatisfy(isConflictError)
    await evict({ dryRun: ['All'] })
    expect(server.list(Pod)).toHaveLength(1)
  })

  it('binding assigns the pod to a node, once', async () => {
    const { client, server } = setUp()
    server.create(Pod, { metadata: { name: 'p', namespace: 'shop' }, spec: { containers: [{ name: 'c' }] } })
    const bind = () =>
      client.create(Pod, { metadata: { name: 'p' }, target: { kind: 'Node', name: 'n1' } }, { ...shop, subresource: 'binding' })
    expect(await bind()).toMatchObject({ kind: 'Status', status: 'Success' })
    expect((await client.get(Pod, 'p', shop)).spec?.nodeName).toBe('n1')
    expect(await failureOf(bind())).toMatchObject({ status: 409, message: expect.stringContaining('already assigned to node "n1"') })
  })
})

describe('updateWithRetry', () => {
  it('updateWithRetry starts again with the current object while other writers are faster', async () => {
    const { client, server } = setUp()
    server.create(ConfigMap, map('a', { count: '0' }))
    const seen: (string | undefined)[] = []
    const result = await updateWithRetry(
      client,
      ConfigMap,
      'a',
      (object) => {
        seen.push(object.data?.count)
        if (seen.length < 4) server.update(ConfigMap, map('a', { count: String(seen.length) }))
        object.data = { ...object.data, mine: 'yes' }
      },
      shop,
    )
    expect(seen).toEqual(['0', '1', '2', '3'])
    expect(result.data).toEqual({ count: '3', mine: 'yes' })
  })

  it('updateWithRetry gives up after the last step, with the last conflict', async () => {
    const { client, server, changes } = setUp()
    server.create(ConfigMap, map('a'))
    let others = 0
    const race = () => void server.update(ConfigMap, map('a', { count: String(others++) }))
    expect(await failureOf(updateWithRetry(client, ConfigMap, 'a', race, shop))).toSatisfy(isConflictError)
    expect(changes()).toHaveLength(5)
  })

  it('updateWithRetry retries no other error, and writes the object that mutate returns', async () => {
    const { client, server, changes } = setUp()
    expect(await failureOf(updateWithRetry(client, ConfigMap, 'a', () => undefined, shop))).toMatchObject({ status: 404 })
    server.create(ConfigMap, map('a'))
    const result = await updateWithRetry(client, ConfigMap, 'a', async (object) => ({ ...object, data: { k: 'v' } }), shop)
    expect(result.data).toEqual({ k: 'v' })
    expect(changes()).toHaveLength(1)
  })

  it('updateWithRetry ends at once on abort', async () => {
    const { client, server } = setUp()
    server.create(ConfigMap, map('a'))
    const controller = new AbortController()
    const mutate = () => {
      server.update(ConfigMap, map('a', { k: String(Math.random()) }))
      controller.abort(new Error('enough'))
    }
    expect(await failureOf(updateWithRetry(client, ConfigMap, 'a', mutate, { ...shop, signal: controller.signal }))).toMatchObject({
      message: 'enough',
    })
  })
})

describe('an error', () => {
  const Gadget = defineResource({ group: 'nowhere.example', version: 'v1', plural: 'gadgets', kind: 'Gadget' })
  it.each<[string, Response, string]>([
    [
      'of a URL that is not served',
      status(404, 'NotFound', 'the server could not find the requested resource'),
      '404 NotFound: the server could not find the requested resource (is its API, or CustomResourceDefinition, installed?)',
    ],
    [
      'of a group that is not served',
      new Response('404 page not found\n', { status: 404 }),
      '404: 404 page not found (is its API, or CustomResourceDefinition, installed?)',
    ],
    ['of authentication', status(401, 'Unauthorized', 'Unauthorized'), '401 Unauthorized: Unauthorized (the token is missing or refused)'],
    [
      'of several fields',
      status(422, 'Invalid', 'Gadget "g" is invalid: spec.a: Required value', {
        causes: [
          { field: 'spec.a', message: 'Required value' },
          { field: 'spec.b', message: 'Forbidden: never' },
        ],
      }),
      '422 Invalid: Gadget "g" is invalid: spec.a: Required value; spec.b: Forbidden: never',
    ],
    [
      'of size, told by a proxy',
      new Response('<html>413 Request Entity Too Large</html>', { status: 413 }),
      '413: <html>413 Request Entity Too Large</html>',
    ],
  ])('%s reads as a sentence', async (_what, answer, message) => {
    const error = await failureOf(
      serve(() => answer)
        .client()
        .get(Gadget, 'g', shop),
    )
    expect(error).toMatchObject({ message: `GET http://kube.test/apis/nowhere.example/v1/namespaces/shop/gadgets/g: ${message}` })
  })

  it('an error of authentication follows one attempt with a new token, for writes too', async () => {
    const tokens = ['old', 'new']
    const { client, requests } = serve((request) =>
      request.headers.get('authorization') === 'Bearer new' ? request.json() : status(401, 'Unauthorized'),
    )
    expect(await client({ token: () => tokens.shift() }).create(ConfigMap, map('a'))).toMatchObject({ metadata: { name: 'a' } })
    expect(requests).toHaveLength(2)
  })
})
