import { expect, it } from 'vitest'
import { defineResource, type Resource } from '../../src/api/resource'
import { memoryPersister } from '../../src/persistence/memory/memory-persister'
import { briefList, CONFIG_MAPS, IN_SHOP, RelayWorld } from './world'

const listed = async (world: RelayWorld) => briefList(await world.request(`${CONFIG_MAPS}?resourceVersion=0`))

it('[relay/28] no watch ends because of a 410 of the API server, and a resume from inside the gap gets 410', async () => {
  await using world = await new RelayWorld(['a', 'b', 'c']).ready()
  const watch = await world.watch('resourceVersion=103&timeoutSeconds=3600')
  world.server.faults.add({ match: { verb: 'watch' }, fault: { type: 'refuse' }, times: 3 })
  world.server.disconnect()
  await world.settle()
  world.update('a')
  world.delete('b')
  world.create('d')
  world.expire()
  await world.advance(60_000)
  expect(watch).toMatchObject({ state: 'open', events: ['MODIFIED a@104', 'ADDED d@106', 'DELETED b@108'] })
  expect(await listed(world)).toMatchObject({ items: 'a@104 c@103 d@106', version: '108' })
  const resume = async (version: number) => {
    const resumed = await world.watch(`resourceVersion=${version}&timeoutSeconds=5`)
    await world.settle()
    return resumed.events
  }
  expect(await resume(103)).toEqual(watch.events)
  expect(await resume(105)).toEqual(['ERROR 410'])
  expect(await resume(108)).toEqual([])
})

it('[relay/29] an API server restored from a backup ends every watch with a 410, and sends no older event', async () => {
  await using world = await new RelayWorld(['a']).ready()
  const backup = world.server.backup()
  world.create('b')
  world.create('c')
  await world.settle()
  const watch = await world.watch('resourceVersion=103&timeoutSeconds=3600')
  world.server.restart(backup)
  await world.advance(60_000)
  expect(watch).toMatchObject({ state: 'ended', events: ['ERROR 410'] })
  expect(await listed(world)).toMatchObject({ items: 'a@101', version: '101' })
})

it('[relay/30] watches end when the definition of the resource is deleted, then the API server answers, and it is served again later', async () => {
  const Widget: Resource = defineResource({ group: 'example.com', version: 'v1', plural: 'widgets', kind: 'Widget' })
  await using world = await new RelayWorld([], { resources: [Widget] }, { resources: [Widget] }).ready()
  const path = '/apis/example.com/v1/widgets'
  const watch = await world.request(`${path}?watch=true&resourceVersion=100&timeoutSeconds=3600`)
  world.server.unregister(Widget)
  await world.advance(10_000)
  expect(await watch.text()).toBe('')
  expect((await world.request(`${path}?resourceVersion=0`)).status).toBe(404)
  expect(world.passes).toEqual(['gone'])
  world.server.register(Widget)
  world.server.create(Widget, { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w', namespace: 'shop' } })
  await world.advance(120_000)
  const { items } = await (await world.request(`${path}?resourceVersion=0`)).json()
  expect(items).toMatchObject([{ metadata: { name: 'w' } }])
  expect(world.passes).toEqual(['gone'])
})

it('[relay/31] a relay restarted on its storage resumes at the stored version without a list, and so do its clients', async () => {
  const to = memoryPersister()
  await using world = await new RelayWorld(['a', 'b'], { persist: { to } }).ready()
  await world.advance(1000)
  const closed = world.relay.close()
  await world.settle()
  await closed
  world.create('c')
  world.server.forgetRequests()
  const restarted = world.start({ persist: { to } })
  await world.advance(1000)
  // Lists of one object only check that the server has the history of the stored version.
  expect(world.server.requests.filter(({ verb, url }) => verb === 'list' && !url.includes('limit=1'))).toEqual([])
  expect(world.server.requests.find(({ verb }) => verb === 'watch')?.url).toContain('resourceVersion=102')
  const ask = (query: string) => restarted.fetch(new Request(`http://relay.test${CONFIG_MAPS}?${query}`))
  expect(await briefList(await ask('resourceVersion=0'))).toMatchObject({ items: 'a@101 b@102 c@103' })
  const resumed = (await ask('watch=1&resourceVersion=102&timeoutSeconds=5')).text()
  const older = (await ask('watch=1&resourceVersion=101&timeoutSeconds=5')).text()
  await world.advance(5000)
  expect(await resumed).toContain('"name":"c"')
  expect(JSON.parse(await older)).toMatchObject({ type: 'ERROR', object: { code: 410 } })
  const ended = restarted.close()
  await world.settle()
  await ended
})

it('[relay/33] while the API server cannot be reached, "0" is served with a warning until it is too old, and the rest is 503', async () => {
  await using world = await new RelayWorld(['a'], { maxStaleMs: 60_000 }).ready()
  const watch = await world.watch('resourceVersion=101&timeoutSeconds=3600')
  const down = world.server.faults.add({ fault: { type: 'refuse' }, times: 1000 })
  world.server.disconnect()
  await world.advance(10_000)
  const old = await world.request(`${CONFIG_MAPS}?resourceVersion=0`)
  expect([old.status, old.headers.get('warning')]).toEqual([200, '110 - "Response is Stale"'])
  const newest = await world.request(CONFIG_MAPS)
  const write = await world.request(IN_SHOP, { method: 'POST', body: '{}' })
  for (const response of [newest, write]) {
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
    expect(await response.json()).toMatchObject({ kind: 'Status', reason: 'ServiceUnavailable' })
  }
  await world.advance(60_000)
  expect((await world.request(`${CONFIG_MAPS}?resourceVersion=0`)).status).toBe(503)
  down()
  world.create('b')
  await world.advance(60_000)
  expect(watch).toMatchObject({ state: 'open', events: ['ADDED b@102'] })
  expect((await world.request(`${CONFIG_MAPS}?resourceVersion=0`)).headers.get('warning')).toBe(null)
})

it('[relay/30] a relay that is denied the resource passes everything on, and serves nothing from memory', async () => {
  await using world = await new RelayWorld(['a']).ready()
  const watch = await world.watch('resourceVersion=101&timeoutSeconds=3600')
  const allow = world.server.access.deny({ resource: 'configmaps' })
  world.server.disconnect()
  await world.advance(10_000)
  expect(watch.state).toBe('ended')
  expect((await world.request(`${CONFIG_MAPS}?resourceVersion=0`)).status).toBe(403)
  expect(world.passes).toEqual(['denied-to-relay'])
  allow()
  await world.advance(120_000)
  expect((await listed(world)).items).toBe('a@101')
  expect(world.passes).toEqual(['denied-to-relay'])
})

it('a closed relay ends its watches, holds no request and passes on what comes', async () => {
  await using world = await new RelayWorld(['a']).ready()
  const watch = await world.watch('resourceVersion=101&timeoutSeconds=3600')
  const closed = world.relay.close()
  await world.settle()
  await closed
  expect(watch.state).toBe('ended')
  world.expectNothingLeft()
  expect((await world.request(`${IN_SHOP}/a`)).status).toBe(200)
})

it('[relay/32] the stored version is never newer than the stored objects, whichever flush is the last one', async () => {
  const to = memoryPersister()
  const committed: { version: string; items: string }[] = []
  const scopes: Parameters<typeof to.load>[0][] = []
  const state = new Map<string, string>()
  const recorded: typeof to = {
    ...to,
    load: (scope, options) => {
      scopes.push(scope)
      return to.load(scope, options)
    },
    async commit(scope, change) {
      await to.commit(scope, change)
      if (change.type === 'replace') state.clear()
      else for (const key of change.deletes) state.delete(key)
      for (const { key, text } of change.puts) state.set(key, JSON.parse(text).metadata.resourceVersion)
      const items = [...state].sort().map(([key, version]) => `${key.slice('shop/'.length)}@${version}`)
      committed.push({ version: change.resourceVersion, items: items.join(' ') })
    },
    clear: (scope) => to.clear(scope),
  }
  await using world = await new RelayWorld(['a', 'b'], { persist: { to: recorded } }).ready()
  for (let round = 0; round < 20; round++) {
    world.update('a')
    if (round % 4 === 0) world.create(`c-${round}`)
    if (round % 4 === 2) world.delete(`c-${round - 2}`)
    await world.advance(round * 37)
  }
  await world.advance(1000)
  expect(scopes).toHaveLength(1)
  expect(committed.length).toBeGreaterThan(5)
  for (const { version, items } of committed) {
    const exact = await briefList(await world.direct(`${CONFIG_MAPS}?resourceVersion=${version}&resourceVersionMatch=Exact`))
    expect({ version, items }).toEqual({ version, items: exact.items })
  }
})

it('a closed relay passes everything on, because its caches no longer follow the API server', async () => {
  await using world = await new RelayWorld(['a']).ready()
  await world.relay.close()
  world.create('b')
  expect((await briefList(await world.request(`${CONFIG_MAPS}?resourceVersion=0`))).items).toBe('a@101 b@102')
  expect(world.passes).toEqual(['closed'])
})
