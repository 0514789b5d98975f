import { expect, it } from 'vitest'
import type { ProofOutcome } from '../../src/relay'
import { ConfigMap } from '../../src/resources/core/v1'
import { briefList, CONFIG_MAPS, IN_SHOP, RelayWorld } from './world'

const proofs = (world: RelayWorld): ProofOutcome[] => world.events.flatMap((event) => (event.type === 'proof' ? [event.outcome] : []))

/** Holds back the events of the relay's next watch for some time, by replacing its connection. */
async function holdBack(world: RelayWorld): Promise<() => void> {
  const remove = world.server.faults.add({
    match: ({ verb, resource }) => verb === 'watch' && resource === 'configmaps',
    fault: { type: 'delay', ms: 2000 },
  })
  world.server.disconnect()
  await world.advance(1000)
  return remove
}

it('[relay/8] a list at "0" costs no request and is never paged; one at "" is proven by one request', async () => {
  await using world = await new RelayWorld(['a', 'b', 'c']).ready()
  const old = await briefList(await world.request(`${CONFIG_MAPS}?resourceVersion=0&limit=1`))
  expect(old).toMatchObject({ items: 'a@101 b@102 c@103', token: '' })
  expect(world.upstream).toEqual([])
  expect(await briefList(await world.request(CONFIG_MAPS))).toMatchObject({ items: 'a@101 b@102 c@103', version: '103' })
  expect(world.upstream).toEqual(['list configmaps'])
  expect(world.server.requests.at(-1)?.headers.get('accept')).toContain('PartialObjectMetadataList')
})

it('[relay/9] a hundred lists at "" at the same time cost at most two requests', async () => {
  await using world = await new RelayWorld(['a', 'b']).ready()
  const first = world.request(CONFIG_MAPS)
  const lists = await Promise.all(
    [first, ...Array.from({ length: 99 }, () => world.request(CONFIG_MAPS))].map(async (list) => briefList(await list)),
  )
  expect(new Set(lists.map(({ items }) => items))).toEqual(new Set(['a@101 b@102']))
  expect(world.upstream.length).toBeLessThanOrEqual(2)
})

it('[relay/9] a list that arrives during a proof waits for the next one, which begins after it', async () => {
  await using world = await new RelayWorld(['a']).ready()
  world.server.faults.add({ match: { verb: 'list' }, fault: { type: 'delay', ms: 1000 } })
  const early = world.request(CONFIG_MAPS)
  await world.settle()
  const late = world.request(CONFIG_MAPS)
  await world.settle()
  expect(world.server.requests.filter(({ verb }) => verb === 'list')).toHaveLength(1)
  await world.advance(1000)
  await Promise.all([early, late])
  expect(world.server.requests.filter(({ verb }) => verb === 'list')).toHaveLength(2)
})

it('[relay/10] a list at "" shows every write that was answered before it, from any client', async () => {
  await using world = await new RelayWorld(['a']).ready()
  for (const name of ['b', 'c', 'd']) {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(world.object(name)) }
    expect((await world.request(IN_SHOP, init)).status).toBe(201)
    expect((await briefList(await world.request(CONFIG_MAPS))).items).toContain(`${name}@`)
    world.create(`${name}-direct`)
    expect((await briefList(await world.request(CONFIG_MAPS))).items).toContain(`${name}-direct@`)
  }
})

it('[relay/10] a list at "" waits for events that are on their way', async () => {
  await using world = await new RelayWorld(['a']).ready()
  await holdBack(world)
  world.create('b')
  expect((await briefList(await world.request(`${CONFIG_MAPS}?resourceVersion=0`))).items).toBe('a@101')
  const list = world.request(CONFIG_MAPS)
  await world.advance(2500)
  expect((await briefList(await list)).items).toBe('a@101 b@102')
  expect(proofs(world)).toEqual(['reached'])
})

it('[relay/10] a list at "" is passed on when the events do not come within three seconds', async () => {
  await using world = await new RelayWorld(['a']).ready()
  world.server.faults.add({ match: { verb: 'watch' }, fault: { type: 'delay', ms: 60_000 }, times: 9 })
  world.server.disconnect()
  await world.advance(1000)
  world.create('b')
  const list = world.request(CONFIG_MAPS)
  await world.advance(3500)
  expect((await briefList(await list)).items).toBe('a@101 b@102')
  expect([proofs(world), world.passes]).toEqual([['late'], ['unproven']])
})

it('[relay/11] an object created and deleted between proof and event is in no later list, and watches get both events', async () => {
  await using world = await new RelayWorld(['a']).ready()
  const watch = await world.watch('resourceVersion=101&timeoutSeconds=600')
  await holdBack(world)
  world.create('brief')
  world.delete('brief')
  const list = await briefList(await world.request(CONFIG_MAPS))
  expect(list).toMatchObject({ items: 'a@101', version: '103' })
  expect(proofs(world)).toEqual(['equal'])
  const later = await world.watch('resourceVersion=103&timeoutSeconds=600')
  expect(await briefList(await world.request(`${CONFIG_MAPS}?resourceVersion=0`))).toMatchObject({ items: 'a@101', version: '103' })
  await world.advance(2500)
  world.create('c')
  await world.settle()
  expect([watch.state, watch.events]).toEqual(['open', ['ADDED brief@102', 'DELETED brief@103', 'ADDED c@104']])
  expect(later.events).toEqual(['ADDED c@104'])
})

it('[relay/12] a list not older than a version that only the API server has is answered within three seconds', async () => {
  await using world = await new RelayWorld(['a']).ready()
  // Another resource takes the version, so that no event brings it.
  world.changeElsewhere()
  const list = await briefList(await world.request(`${CONFIG_MAPS}?resourceVersion=102&resourceVersionMatch=NotOlderThan`))
  expect(list).toMatchObject({ status: 200, items: 'a@101', version: '102' })
})

it('[relay/13] a version from the future is 504 for lists after three seconds, an ERROR for streamed lists, and silence for watches', async () => {
  await using world = await new RelayWorld(['a']).ready()
  const list = world.request(`${CONFIG_MAPS}?resourceVersion=999&resourceVersionMatch=NotOlderThan`)
  const streamed = world.watch('sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=999')
  const plain = await world.watch('resourceVersion=103&timeoutSeconds=60')
  await world.advance(3000)
  const body = await (await list).json()
  expect(body).toMatchObject({ code: 504, details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } })
  const ended = await streamed
  await world.settle()
  expect([ended.status, ended.events]).toEqual([200, ['ERROR 504']])
  for (const name of ['b', 'c', 'd']) world.create(name)
  await world.settle()
  expect(plain.events).toEqual(['ADDED d@104'])
})

it('[relay/14] an exact list older than the window is answered by the API server, whatever it says', async () => {
  await using world = new RelayWorld(['a'])
  world.update('a')
  await world.ready()
  for (const query of ['resourceVersion=101&resourceVersionMatch=Exact', 'resourceVersion=101&limit=5'])
    expect(await briefList(await world.request(`${CONFIG_MAPS}?${query}`))).toMatchObject({ items: 'a@101', version: '101' })
  expect(world.passes).toEqual(['expired', 'expired'])
  world.server.compact()
  expect((await world.request(`${CONFIG_MAPS}?resourceVersion=101&resourceVersionMatch=Exact`)).status).toBe(410)
})

it('[relay/15] a token of the relay is continued by the API server, and the other way round, with the same items', async () => {
  await using world = await new RelayWorld(['a', 'b', 'c', 'd']).ready()
  const ways = [world.request.bind(world), world.direct.bind(world)]
  for (const path of [CONFIG_MAPS, IN_SHOP]) {
    const rest = []
    for (const begin of ways) {
      const { token } = await briefList(await begin(`${path}?limit=2`))
      for (const go of ways) rest.push(await briefList(await go(`${path}?limit=2&continue=${token}`)))
    }
    expect(rest.map(({ items }) => items)).toEqual(Array(4).fill('c@103 d@104'))
  }
  expect(world.passes).toEqual([])
})

it('[relay/16] a token older than the window is continued by the API server, and only its 410 reaches the client', async () => {
  await using world = await new RelayWorld(['a', 'b', 'c'], { windowEvents: 2 }).ready()
  const { token } = await briefList(await world.request(`${CONFIG_MAPS}?limit=2`))
  for (let change = 0; change < 9; change++) {
    world.update('a')
    await world.settle()
  }
  const path = `${CONFIG_MAPS}?limit=2&continue=${token}`
  expect(await briefList(await world.request(path))).toMatchObject({ status: 200, items: 'c@103' })
  expect(world.passes).toEqual(['expired'])
  world.server.compact()
  const expired = await world.request(path)
  expect(expired.status).toBe(410)
  expect((await expired.json()).metadata.continue).not.toBe('')
})

it('[relay/16] a token that the API server may have forgotten is continued by the API server, although the window has its version', async () => {
  await using world = await new RelayWorld(['a', 'b', 'c']).ready()
  const { token } = await briefList(await world.request(`${CONFIG_MAPS}?limit=2`))
  const path = `${CONFIG_MAPS}?limit=2&continue=${token}`
  world.update('a')
  await world.advance(120_000)
  world.update('a')
  world.server.compact()
  expect((await world.request(path)).status).toBe(200)
  // Watches end and lists follow meanwhile; the version was current more than five minutes before.
  await world.advance(400_000)
  expect((await world.request(path)).status).toBe(410)
  expect(world.passes).toEqual(['expired'])
})

it('[relay/17] a page with a selector has a token exactly when an object follows it, and the number of remaining ones only without selectors', async () => {
  await using world = new RelayWorld([])
  for (const name of ['a', 'b', 'c']) world.server.create(ConfigMap, world.object(name, { labels: { app: name === 'c' ? 'db' : 'web' } }))
  await world.ready()
  const page = async (query: string) => (await (await world.request(`${CONFIG_MAPS}?${query}`)).json()).metadata
  expect(await page('limit=1&labelSelector=app%3Dweb')).toEqual({ resourceVersion: '103', continue: expect.stringMatching(/./) })
  expect(await page('limit=2&labelSelector=app%3Dweb')).toEqual({ resourceVersion: '103', continue: expect.stringMatching(/./) })
  expect(await page('limit=3&labelSelector=app%3Dweb')).toEqual({ resourceVersion: '103' })
  expect(await page('limit=2')).toMatchObject({ remainingItemCount: 1 })
})

it('with eventual consistency a list at "" is answered from the cache without a request', async () => {
  await using world = await new RelayWorld(['a'], { consistency: 'eventual' }).ready()
  expect((await briefList(await world.request(CONFIG_MAPS))).items).toBe('a@101')
  expect((await world.request(`${IN_SHOP}/a`)).status).toBe(200)
  expect(world.upstream).toEqual([])
})
