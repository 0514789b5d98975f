import { describe, expect, it } from 'vitest'
import { FakeApiServer, podFixture, type RequestRecord } from '../../src/testing'
import { ConfigMap, configMap, Pod, readAll, setUp } from './resources'

const WATCH = 'http://kubernetes.test/api/v1/configmaps?watch=1&resourceVersion='

describe('versions', () => {
  it('versions grow with every change of any resource, and every list has the latest one', async () => {
    const { server, send } = setUp({ resourceVersion: 1000 })
    server.create(ConfigMap, configMap('a'))
    server.create(Pod, podFixture(1))
    expect(server.resourceVersion).toBe('1004')
    expect((await send('GET', '/api/v1/configmaps')).body.metadata.resourceVersion).toBe('1004')
    expect((await send('GET', '/api/v1/nodes')).body.metadata.resourceVersion).toBe('1004')
  })

  it('refuses a first version that is not a positive integer', () => {
    expect(() => new FakeApiServer({ resourceVersion: 0 })).toThrow('resourceVersion must be a positive integer, got 0')
  })
})

describe('a watch', () => {
  it('a watch sees the changes of the program and of other clients', async () => {
    const { clock, server, send } = setUp()
    const watch = readAll(await server.fetch(WATCH + server.resourceVersion))
    server.create(ConfigMap, configMap('a', { k: '1' }))
    await send('PUT', '/api/v1/namespaces/default/configmaps/a', configMap('a', { k: '2' }))
    server.delete(ConfigMap, { name: 'a' })
    await clock.settle()
    const events = watch.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(events.map(({ type, object }) => `${type} ${object.data.k} ${object.metadata.resourceVersion}`)).toEqual([
      'ADDED 1 4',
      'MODIFIED 2 5',
      'DELETED 2 6',
    ])
  })

  it('a watch cannot resume from before a compaction, while an open one continues', async () => {
    const { clock, server } = setUp()
    const open = readAll(await server.fetch(WATCH + server.resourceVersion))
    const before = server.resourceVersion
    server.create(ConfigMap, configMap('a'))
    server.compact()
    const late = readAll(await server.fetch(WATCH + before))
    await late.done
    expect(JSON.parse(late.text)).toMatchObject({ type: 'ERROR', object: { code: 410 } })
    server.create(ConfigMap, configMap('b'))
    await clock.settle()
    expect(open.text.trim().split('\n')).toHaveLength(2)
    expect(open.ended).toBe(false)
  })

  it('a restart ends watches and expires older versions, but keeps the objects', async () => {
    const { server, send } = setUp()
    const before = server.resourceVersion
    server.create(ConfigMap, configMap('a'))
    const watch = readAll(await server.fetch(WATCH + server.resourceVersion))
    server.restart()
    await watch.done
    expect(watch).toMatchObject({ text: '', error: undefined })
    const resumed = readAll(await server.fetch(WATCH + before))
    await resumed.done
    expect(resumed.text).toContain('"code":410')
    expect((await send('GET', '/api/v1/configmaps')).body.items).toHaveLength(1)
  })

  it('a version from before a restored backup is from the future, because versions are assigned again', async () => {
    const { clock, server } = setUp()
    const backup = server.backup()
    server.create(ConfigMap, configMap('lost'))
    const future = server.resourceVersion
    server.restart(backup)
    expect(Number(server.resourceVersion)).toBeLessThan(Number(future))
    const watch = readAll(await server.fetch(WATCH + future))
    expect(server.create(ConfigMap, configMap('again')).metadata.resourceVersion).toBe(future)
    server.create(ConfigMap, configMap('more'))
    await clock.settle()
    expect(watch.text).not.toContain('again')
    expect(watch.text).toContain('more')
    expect(server.list(ConfigMap).map(({ metadata }) => metadata.name)).toEqual(['again', 'more'])
  })

  it('the fake server refuses a watch with sendInitialEvents with 422 when so configured', async () => {
    const { server, send } = setUp({ watchList: 'refused' })
    const path =
      '/api/v1/configmaps?watch=1&timeoutSeconds=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
    expect(await send('GET', path)).toMatchObject({ status: 422, body: { message: expect.stringContaining('WatchList feature gate') } })
    server.watchList = 'supported'
    const watch = await server.fetch(`http://kubernetes.test${path}`)
    expect(watch.status).toBe(200)
    await watch.body?.cancel()
  })

  it('sends bookmarks at the configured interval once another resource has changed', async () => {
    const { clock, server } = setUp({ bookmarkIntervalMs: 1000 })
    const watch = readAll(await server.fetch(`${WATCH}${server.resourceVersion}&allowWatchBookmarks=true`))
    await clock.advance(2000)
    expect(watch.text).toBe('')
    server.create(Pod, podFixture(1))
    await clock.advance(3000)
    expect(watch.text.match(/BOOKMARK/g)).toHaveLength(3)
  })

  it('a watch resumes only within the window', async () => {
    const { server } = setUp({ windowSize: 2 })
    const before = server.resourceVersion
    for (const name of ['a', 'b', 'c', 'd']) server.create(ConfigMap, configMap(name))
    const watch = readAll(await server.fetch(WATCH + before))
    await watch.done
    expect(watch.text).toContain('"code":410')
  })
})

describe('requests', () => {
  it('records requests with their attributes', async () => {
    const { server, send } = setUp()
    await send('GET', '/version')
    await send('GET', '/apis/example.com/v1/widgets?limit=5')
    await send('POST', '/api/v1/namespaces/shop/configmaps', configMap('a'))
    await send('DELETE', '/api/v1/namespaces/shop/configmaps/a')
    await send('DELETE', '/api/v1/namespaces/shop/configmaps')
    await send('GET', '/api/v1/namespaces/shop/pods/x')
    const short = ({ verb, resource, namespace, name, status, state }: RequestRecord) =>
      `${verb} ${resource} ${namespace} ${name} ${status} ${state}`
    expect(server.requests.map(short)).toEqual([
      'get    200 closed',
      'list widgets.example.com   200 closed',
      'create configmaps shop  201 closed',
      'delete configmaps shop a 200 closed',
      'deletecollection configmaps shop  200 closed',
      'get pods shop x 404 closed',
    ])
  })

  it('a request is open until its body is read, canceled or aborted, and counts the bytes that were read', async () => {
    const { clock, server } = setUp()
    const url = WATCH + server.resourceVersion
    const controller = new AbortController()
    const left = await server.fetch(url)
    const aborted = readAll(await server.fetch(url, { signal: controller.signal }))
    const unread = await server.fetch('http://kubernetes.test/api/v1/pods')
    expect(server.openRequests).toHaveLength(3)
    server.create(ConfigMap, configMap('a'))
    await clock.settle()
    expect(server.requests[1]?.bytes).toBe(new TextEncoder().encode(aborted.text).byteLength)
    expect(server.requests[0]?.bytes).toBe(0)
    await left.body?.cancel()
    expect(server.openRequests.map(({ verb }) => verb)).toEqual(['watch', 'list'])
    controller.abort(new Error('enough'))
    await aborted.done
    expect(aborted.error).toEqual(new Error('enough'))
    expect(server.openRequests.map(({ verb }) => verb)).toEqual(['list'])
    await unread.json()
    expect(server.openRequests).toEqual([])
    server.forgetRequests()
    expect(server.requests).toEqual([])
  })

  it('a request that is aborted before it is sent or answered rejects with the reason of the signal', async () => {
    const { clock, server } = setUp()
    await expect(server.fetch('http://kubernetes.test/version', { signal: AbortSignal.abort('early') })).rejects.toBe('early')
    const controller = new AbortController()
    const waiting = server.fetch('http://kubernetes.test/api/v1/pods?resourceVersion=99', { signal: controller.signal })
    await clock.settle()
    controller.abort('late')
    await expect(waiting).rejects.toBe('late')
    expect(server.openRequests).toEqual([])
  })

  it('breaks the requests in progress when the connection is lost', async () => {
    const { server } = setUp()
    const watch = readAll(await server.fetch(WATCH + server.resourceVersion))
    server.disconnect()
    await watch.done
    expect(watch.error).toBeInstanceOf(TypeError)
    expect(server.openRequests).toEqual([])
  })
})

describe('discovery', () => {
  it('discovery lists groups, versions and resources', async () => {
    const { send } = setUp()
    expect((await send('GET', '/api')).body).toMatchObject({ kind: 'APIVersions', versions: ['v1'] })
    expect((await send('GET', '/apis')).body.groups.map(({ name }: { name: string }) => name)).toEqual([
      'apps',
      'apiextensions.k8s.io',
      'example.com',
      'authorization.k8s.io',
      'authentication.k8s.io',
    ])
    expect((await send('GET', '/apis/apps')).body).toMatchObject({ kind: 'APIGroup', preferredVersion: { groupVersion: 'apps/v1' } })
    expect((await send('GET', '/api/v1')).body.resources).toContainEqual({
      name: 'pods',
      singularName: 'pod',
      namespaced: true,
      kind: 'Pod',
      verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
      shortNames: ['po'],
      categories: ['all'],
    })
    expect((await send('GET', '/apis/example.com/v1')).body).toMatchObject({
      groupVersion: 'example.com/v1',
      resources: [{ name: 'widgets' }],
    })
    expect((await send('GET', '/version')).body.major).toBe('1')
  })

  it('discovery comes in one document for clients that ask for it', async () => {
    const { server } = setUp()
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json'
    const response = await server.fetch('http://kubernetes.test/apis', { headers: { accept } })
    expect(response.headers.get('content-type')).toBe('application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList')
    expect(await response.json()).toMatchObject({
      items: [
        {
          metadata: { name: 'apps' },
          versions: [
            {
              version: 'v1',
              resources: [
                {
                  resource: 'deployments',
                  subresources: [{ subresource: 'scale', responseKind: { kind: 'Scale' } }, { subresource: 'status' }],
                },
              ],
            },
          ],
        },
        { metadata: { name: 'apiextensions.k8s.io' } },
        { metadata: { name: 'example.com' } },
        { metadata: { name: 'authorization.k8s.io' } },
        { metadata: { name: 'authentication.k8s.io' } },
      ],
    })
  })

  it.each(['/healthz', '/readyz', '/livez'])('the health check %s answers ok', async (path) => {
    const { server } = setUp()
    expect(await (await server.fetch(`http://kubernetes.test${path}`)).text()).toBe('ok')
  })

  it.each(['/openapi/v2', '/api/v2', '/apis/nope', '/apis/nope/v1', '/api/v1/nodes/n/proxy', '/api/v1/namespaces/shop/nodes'])(
    'the unknown path %s is answered with 404',
    async (path) => {
      expect((await setUp().send('GET', path)).status).toBe(404)
    },
  )

  it('an unknown resource is an error that suggests registering it', () => {
    const { server } = setUp()
    expect(() => server.list({ group: 'x.io', version: 'v1', plural: 'things', kind: 'Thing', scope: 'Namespaced' })).toThrow(
      'things.x.io (x.io/v1) is not served: register it first',
    )
  })
})
