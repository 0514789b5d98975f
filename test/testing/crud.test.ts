import { describe, expect, it } from 'vitest'
import { podFixture } from '../../src/testing'
import { ConfigMap, configMap, Pod, setUp, Widget } from './resources'

const CONFIG_MAPS = '/api/v1/namespaces/shop/configmaps'

describe('create', () => {
  it('create assigns uid, resourceVersion and creationTimestamp, and answers 201', async () => {
    const { send } = setUp({ resourceVersion: 100, uid: () => 'some-uid' })
    expect(await send('POST', CONFIG_MAPS, configMap('a', { k: 'v' }))).toEqual({
      status: 201,
      body: {
        kind: 'ConfigMap',
        apiVersion: 'v1',
        // The server starts with two namespaces.
        metadata: { name: 'a', namespace: 'shop', uid: 'some-uid', resourceVersion: '103', creationTimestamp: '2026-01-01T00:00:00Z' },
        data: { k: 'v' },
      },
    })
  })

  it('create writes the identifying members first, in the order of the API server', async () => {
    const { server } = setUp()
    const created = server.create(Pod, {
      status: podFixture(1).status,
      spec: podFixture(1).spec,
      metadata: { labels: { a: 'b' }, name: 'x', generateName: 'y-' },
    })
    expect(Object.keys(created)).toEqual(['kind', 'apiVersion', 'metadata', 'status', 'spec'])
    expect(Object.keys(created.metadata)).toEqual([
      'name',
      'generateName',
      'namespace',
      'uid',
      'resourceVersion',
      'generation',
      'creationTimestamp',
      'labels',
    ])
  })

  it('create generates a name from generateName', async () => {
    const { send } = setUp()
    const { body } = await send('POST', CONFIG_MAPS, { metadata: { generateName: 'gen-' } })
    expect(body.metadata.name).toMatch(/^gen-[a-z0-9]{5}$/)
    expect((await send('POST', CONFIG_MAPS, { metadata: { generateName: 'gen-' } })).body.metadata.name).not.toBe(body.metadata.name)
  })

  it('creating a pod over HTTP resets its status, while the program can set one', async () => {
    const { server, send } = setUp()
    const { body } = await send('POST', '/api/v1/namespaces/shop/pods', { ...podFixture(1), metadata: { name: 'a' } })
    expect(body.status).toEqual({ phase: 'Pending', qosClass: 'BestEffort' })
    expect(server.create(Pod, podFixture(2)).status.phase).toBe('Running')
  })

  it.each([
    [configMap('taken'), 409, 'AlreadyExists', 'configmaps "taken" already exists'],
    [{ metadata: {} }, 422, 'Invalid', 'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required'],
    [configMap('X_'), 422, 'Invalid', 'ConfigMap "X_" is invalid: metadata.name: Invalid value: "X_": a lowercase RFC 1123 subdomain'],
    [{ kind: 'Pod', metadata: { name: 'a' } }, 400, 'BadRequest', 'Pod in version "v1" cannot be handled as a ConfigMap'],
    [{ apiVersion: 'v2', metadata: { name: 'a' } }, 400, 'BadRequest', 'ConfigMap in version "v2" cannot be handled as a ConfigMap'],
    [
      { metadata: { name: 'a', namespace: 'other' } },
      400,
      'BadRequest',
      'the namespace of the provided object does not match the namespace sent on the request',
    ],
    [{ metadata: { name: 'a', resourceVersion: '5' } }, 500, 'InternalError', 'resourceVersion should not be set on objects to be created'],
    [[], 400, 'BadRequest', 'the body of the request is not an object'],
  ])('creating %j is answered with %i %s: %s', async (object, status, reason, message) => {
    const { send } = setUp()
    await send('POST', CONFIG_MAPS, configMap('taken'))
    expect(await send('POST', CONFIG_MAPS, object)).toMatchObject({
      status,
      body: { kind: 'Status', code: status, reason, message: expect.stringContaining(message) },
    })
  })

  it('create answers 400 to a body that is not JSON, and 415 to another content type', async () => {
    const { server, send } = setUp()
    const response = await server.fetch(`http://kubernetes.test${CONFIG_MAPS}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{bad',
    })
    expect(response.status).toBe(400)
    expect((await send('POST', CONFIG_MAPS, {}, 'text/plain')).status).toBe(415)
  })

  it('create without a namespace is 405, and so is PUT on a collection', async () => {
    const { send } = setUp()
    expect((await send('POST', '/api/v1/configmaps', configMap('a'))).status).toBe(405)
    expect((await send('PUT', CONFIG_MAPS, configMap('a'))).status).toBe(405)
  })

  it('a custom resource can be created as soon as it is registered', async () => {
    const { server, send } = setUp()
    const path = '/apis/example.org/v1alpha1/namespaces/shop/gadgets'
    expect((await send('POST', path, { metadata: { name: 'a' } })).status).toBe(404)
    server.register({ group: 'example.org', version: 'v1alpha1', plural: 'gadgets', kind: 'Gadget', scope: 'Namespaced' })
    expect((await send('POST', path, { metadata: { name: 'a' } })).body).toMatchObject({
      kind: 'Gadget',
      apiVersion: 'example.org/v1alpha1',
    })
    expect((await send('GET', `${path}/b`)).body).toMatchObject({
      message: 'gadgets.example.org "b" not found',
      details: { name: 'b', group: 'example.org', kind: 'gadgets' },
    })
  })

  it('a create with dryRun is answered but not stored; a dryRun other than All is 422', async () => {
    const { server, send } = setUp()
    const { status, body } = await send('POST', `${CONFIG_MAPS}?dryRun=All`, configMap('a'))
    expect({ status, uid: body.metadata.uid }).toEqual({ status: 201, uid: expect.any(String) })
    expect(body.metadata).not.toHaveProperty('resourceVersion')
    expect((await send('POST', `${CONFIG_MAPS}?dryRun=Some`, configMap('a'))).body).toMatchObject({ code: 422, reason: 'Invalid' })
    expect(server.list(ConfigMap)).toEqual([])
  })
})

describe('update', () => {
  it('update replaces the object at its current version, and answers 409 Conflict for another one', async () => {
    const { send } = setUp()
    const { body: first } = await send('POST', CONFIG_MAPS, configMap('a', { k: '1' }))
    const { status, body: second } = await send('PUT', `${CONFIG_MAPS}/a`, { ...first, data: { k: '2' } })
    expect(status).toBe(200)
    expect(second).toMatchObject({
      metadata: { uid: first.metadata.uid, creationTimestamp: first.metadata.creationTimestamp },
      data: { k: '2' },
    })
    expect(Number(second.metadata.resourceVersion)).toBe(Number(first.metadata.resourceVersion) + 1)
    expect(await send('PUT', `${CONFIG_MAPS}/a`, { ...first, data: { k: '3' } })).toMatchObject({
      status: 409,
      body: {
        reason: 'Conflict',
        message:
          'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
        details: { name: 'a', kind: 'configmaps' },
      },
    })
  })

  it('update without a version replaces any version', async () => {
    const { send } = setUp()
    await send('POST', CONFIG_MAPS, configMap('a', { k: '1' }))
    expect(await send('PUT', `${CONFIG_MAPS}/a`, configMap('a', { k: '2' }))).toMatchObject({ status: 200, body: { data: { k: '2' } } })
  })

  it('an update without changes creates no new version and no event', async () => {
    const { server, send } = setUp()
    const { body } = await send('POST', CONFIG_MAPS, configMap('a', { x: '1', y: '2' }))
    const before = server.resourceVersion
    expect((await send('PUT', `${CONFIG_MAPS}/a`, { ...body, data: { y: '2', x: '1' } })).body).toEqual(body)
    expect(server.resourceVersion).toBe(before)
  })

  it.each([
    ['zz', configMap('zz'), 404, 'configmaps "zz" not found'],
    ['a', configMap('b'), 400, 'the name of the object (b) does not match the name on the URL (a)'],
    ['a', { metadata: { name: 'a', uid: 'other' } }, 409, 'Precondition failed: UID in precondition: other'],
  ])('updating %s with %j is answered with %i: %s', async (name, object, status, message) => {
    const { send } = setUp()
    await send('POST', CONFIG_MAPS, configMap('a'))
    expect(await send('PUT', `${CONFIG_MAPS}/${name}`, object)).toMatchObject({
      status,
      body: { message: expect.stringContaining(message) },
    })
  })

  it('updates of object and status do not affect each other, and only the former increments the generation', async () => {
    const { server, send } = setUp()
    const pod = server.create(Pod, podFixture(1, { namespace: 'shop' }))
    const path = `/api/v1/namespaces/shop/pods/${pod.metadata.name}`
    const changed = { ...pod, spec: { ...pod.spec, nodeName: 'other' }, status: { ...pod.status, phase: 'Failed' } }
    expect((await send('PUT', path, changed)).body).toMatchObject({
      metadata: { generation: 2 },
      spec: { nodeName: 'other' },
      status: { phase: 'Running' },
    })
    const again = { ...changed, metadata: { name: pod.metadata.name }, spec: {} }
    expect((await send('PUT', `${path}/status`, again)).body).toMatchObject({
      metadata: { generation: 2 },
      spec: { nodeName: 'other' },
      status: { phase: 'Failed' },
    })
    expect((await send('GET', `${path}/status`)).body).toMatchObject({ status: { phase: 'Failed' } })
  })

  it('changing an object from the program has no effect until it is updated', () => {
    const { server } = setUp()
    const created = server.create(ConfigMap, configMap('a', { k: '1' }))
    created.data = { k: '2' }
    expect(server.get(ConfigMap, { name: 'a' })?.data).toEqual({ k: '1' })
    expect(server.update(ConfigMap, created).data).toEqual({ k: '2' })
    expect(server.list(ConfigMap)).toMatchObject([{ data: { k: '2' } }])
  })
})

describe('delete', () => {
  it('delete answers with a Status that names the object', async () => {
    const { server, send } = setUp()
    const { body } = await send('POST', CONFIG_MAPS, configMap('a'))
    expect(await send('DELETE', `${CONFIG_MAPS}/a`)).toEqual({
      status: 200,
      body: {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Success',
        details: { name: 'a', kind: 'configmaps', uid: body.metadata.uid },
      },
    })
    expect(server.get(ConfigMap, { namespace: 'shop', name: 'a' })).toBeUndefined()
    expect((await send('DELETE', `${CONFIG_MAPS}/a`)).status).toBe(404)
  })

  it('delete with preconditions that do not hold is 409', async () => {
    const { send } = setUp()
    await send('POST', CONFIG_MAPS, configMap('a'))
    const result = await send('DELETE', `${CONFIG_MAPS}/a`, { preconditions: { uid: 'other' } })
    expect(result).toMatchObject({
      status: 409,
      body: {
        reason: 'Conflict',
        message: expect.stringContaining('the UID in the precondition (other) does not match the UID in record'),
      },
    })
    expect((await send('DELETE', `${CONFIG_MAPS}/a`, { preconditions: { resourceVersion: '1' } })).status).toBe(409)
  })

  it('delete marks an object with finalizers, which is removed with the last of them', async () => {
    const { server, send } = setUp()
    await send('POST', CONFIG_MAPS, { metadata: { name: 'a', finalizers: ['example.com/x'] } })
    const marked = await send('DELETE', `${CONFIG_MAPS}/a`)
    expect(marked.body).toMatchObject({ kind: 'ConfigMap', metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } })
    const version = server.resourceVersion
    await send('DELETE', `${CONFIG_MAPS}/a`)
    expect(server.resourceVersion).toBe(version)
    await send('PATCH', `${CONFIG_MAPS}/a`, { metadata: { finalizers: null } }, 'application/merge-patch+json')
    expect((await send('GET', `${CONFIG_MAPS}/a`)).status).toBe(404)
  })

  it('deleting a collection deletes the selected objects', async () => {
    const { server, send } = setUp()
    for (const name of ['a', 'b', 'c']) await send('POST', CONFIG_MAPS, { metadata: { name, labels: { odd: String(name !== 'b') } } })
    const { body } = await send('DELETE', `${CONFIG_MAPS}?labelSelector=odd%3Dtrue`)
    expect(body).toMatchObject({ kind: 'ConfigMapList', items: [{ metadata: { name: 'a' } }, { metadata: { name: 'c' } }] })
    expect(server.list(ConfigMap).map(({ metadata }) => metadata.name)).toEqual(['b'])
  })
})

describe('patch', () => {
  const PATH = `${CONFIG_MAPS}/a`
  const JSON_PATCH = 'application/json-patch+json'
  const MERGE = 'application/merge-patch+json'
  const STRATEGIC = 'application/strategic-merge-patch+json'
  const APPLY = 'application/apply-patch+yaml'

  it.each([
    ['a merge patch', MERGE, { data: { k: null, z: '1' } }, { z: '1' }],
    [
      'a JSON patch',
      JSON_PATCH,
      [
        { op: 'test', path: '/data/k', value: 'v' },
        { op: 'add', path: '/data/z~1z', value: '1' },
        { op: 'remove', path: '/data/k' },
      ],
      { 'z/z': '1' },
    ],
    [
      'a JSON patch that moves',
      JSON_PATCH,
      [
        { op: 'move', from: '/data/k', path: '/data/m' },
        { op: 'copy', from: '/data/m', path: '/data/c' },
      ],
      { m: 'v', c: 'v' },
    ],
    ['a strategic merge patch', STRATEGIC, { data: { z: '1' } }, { k: 'v', z: '1' }],
  ])('patch: %s', async (_, type, patch, data) => {
    const { send } = setUp()
    await send('POST', CONFIG_MAPS, configMap('a', { k: 'v' }))
    expect(await send('PATCH', PATH, patch, type)).toMatchObject({ status: 200, body: { data } })
    expect((await send('GET', PATH)).body.data).toEqual(data)
  })

  it('a strategic merge patch merges lists by their keys, and follows delete and replace directives', async () => {
    const { server, send } = setUp()
    const pod = server.create(Pod, podFixture(0, { namespace: 'shop' }))
    const path = `/api/v1/namespaces/shop/pods/${pod.metadata.name}`
    const patch = {
      metadata: { finalizers: ['example.com/x'] },
      spec: {
        $setElementOrder: [{ name: 'web' }],
        containers: [
          { name: 'web', image: 'other', env: [{ name: 'LOG_LEVEL', value: 'debug' }], ports: [{ containerPort: 8080, protocol: 'UDP' }] },
          { name: 'proxy', $patch: 'delete' },
          { name: 'new' },
        ],
        tolerations: [],
      },
    }
    const { body } = await send('PATCH', path, patch, STRATEGIC)
    expect(body.spec.containers).toMatchObject([
      {
        name: 'web',
        image: 'other',
        ports: [{ name: 'http', containerPort: 8080, protocol: 'UDP' }],
        env: [{ name: 'POD_NAME' }, { name: 'LOG_LEVEL', value: 'debug' }, { name: 'ENDPOINT' }],
      },
      { name: 'new' },
    ])
    expect(body.spec.tolerations).toEqual([])
    expect(body.spec).not.toHaveProperty('$setElementOrder')
    const removal = {
      metadata: { '$deleteFromPrimitiveList/finalizers': ['example.com/x'] },
      spec: { containers: [{ $patch: 'replace' }, { name: 'only' }] },
    }
    const replaced = await send('PATCH', path, removal, STRATEGIC)
    expect(replaced.body).toMatchObject({ metadata: { finalizers: [] }, spec: { containers: [{ name: 'only' }] } })
  })

  it('a patch of the status leaves everything else unchanged', async () => {
    const { server, send } = setUp()
    const pod = server.create(Pod, podFixture(0, { namespace: 'shop' }))
    const { body } = await send(
      'PATCH',
      `/api/v1/namespaces/shop/pods/${pod.metadata.name}/status`,
      { spec: { nodeName: 'x' }, status: { phase: 'Failed' } },
      MERGE,
    )
    expect(body).toMatchObject({ spec: { nodeName: pod.spec.nodeName }, status: { phase: 'Failed', podIP: pod.status.podIP } })
  })

  it('apply creates an object, then replaces what it applied before, and needs a fieldManager', async () => {
    const { send } = setUp()
    const object = { apiVersion: 'v1', kind: 'ConfigMap', ...configMap('a', { k: '1' }) }
    expect(await send('PATCH', PATH, object, APPLY)).toMatchObject({
      status: 422,
      body: { message: expect.stringContaining('fieldManager: Required value') },
    })
    expect((await send('PATCH', `${PATH}?fieldManager=me`, object, APPLY)).status).toBe(201)
    await send('PATCH', PATH, { data: { other: '3' } }, MERGE)
    const { status, body } = await send('PATCH', `${PATH}?fieldManager=me`, { ...object, data: { z: '2' } }, APPLY)
    expect({ status, data: body.data }).toEqual({ status: 200, data: { z: '2', other: '3' } })
  })

  it.each<[string, unknown, number]>([
    ['application/json', {}, 415],
    [JSON_PATCH, [{ op: 'test', path: '/data/k', value: 'q' }], 422],
    [JSON_PATCH, [{ op: 'remove', path: '/data/zz' }], 422],
    [JSON_PATCH, [{ op: 'replace', path: '/nothing/there', value: 1 }], 422],
    [JSON_PATCH, [{ op: 'add', path: '/metadata/finalizers/0', value: 'x' }], 422],
    [JSON_PATCH, { data: {} }, 422],
    [JSON_PATCH, [{ op: 'bend', path: '/data' }], 422],
    [MERGE, { metadata: { resourceVersion: '5' }, data: { z: 'y' } }, 409],
  ])('a %s of %j is answered with %i', async (type, patch, status) => {
    const { send } = setUp()
    await send('POST', CONFIG_MAPS, configMap('a', { k: 'v' }))
    expect((await send('PATCH', PATH, patch, type)).status).toBe(status)
  })

  it('a custom resource refuses a strategic merge patch', async () => {
    const { server, send } = setUp()
    server.create(Widget, { metadata: { name: 'w', namespace: 'shop' }, spec: { size: 1 } })
    const path = '/apis/example.com/v1/namespaces/shop/widgets/w'
    expect((await send('PATCH', path, {}, STRATEGIC)).status).toBe(415)
    expect((await send('PATCH', path, { spec: { size: 2 } }, MERGE)).body).toMatchObject({ metadata: { generation: 2 }, spec: { size: 2 } })
  })
})

describe('the texts of a Secret', () => {
  const SECRETS = '/api/v1/namespaces/shop/secrets'
  const base64 = (text: string) => Buffer.from(text).toString('base64')

  it('a created Secret has its stringData as data in base64, in which they win over data of the same name', async () => {
    const { send } = setUp()
    const secret = {
      metadata: { name: 'a' },
      data: { user: base64('x'), kept: base64('kept') },
      stringData: { user: 'größe 😀', empty: '' },
    }
    const { body } = await send('POST', SECRETS, secret)
    expect([body.data, 'stringData' in body]).toEqual([{ user: base64('größe 😀'), kept: base64('kept'), empty: '' }, false])
    expect((await send('GET', `${SECRETS}/a`)).body.data).toEqual(body.data)
  })

  it.each([
    ['PUT', 'application/json'],
    ['PATCH', 'application/merge-patch+json'],
    ['PATCH', 'application/strategic-merge-patch+json'],
    ['PATCH', 'application/apply-patch+yaml'],
  ])('%s with %s turns stringData into data too', async (method, type) => {
    const { send } = setUp()
    await send('POST', SECRETS, { metadata: { name: 'a' }, data: { user: base64('x') } })
    const change = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' }, stringData: { user: 'y' } }
    const { body } = await send(method, `${SECRETS}/a?fieldManager=test`, change, type)
    expect([body.data, 'stringData' in body]).toEqual([{ user: base64('y') }, false])
  })

  it('an empty stringData is removed', async () => {
    const { send } = setUp()
    const { body } = await send('POST', SECRETS, { metadata: { name: 'a' }, stringData: {} })
    expect(['data' in body, 'stringData' in body]).toEqual([false, false])
  })

  it('stringData of another kind is kept', async () => {
    const { send } = setUp()
    const widget = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'a' }, stringData: { a: 'b' } }
    expect((await send('POST', '/apis/example.com/v1/namespaces/shop/widgets', widget)).body.stringData).toEqual({ a: 'b' })
  })
})
