import { expect, it } from 'vitest'
import { packOnArrival } from '../../src/relay'
import { ConfigMap } from '../../src/resources/core/v1'
import { briefList, CONFIG_MAPS, RelayWorld, readWatch } from './world'

it('[relay/21] a watch at "" or "0", or with initial events, begins with all objects by key and one annotated bookmark', async () => {
  await using world = await new RelayWorld(['b', 'a']).ready()
  const end = 'timeoutSeconds=600&allowWatchBookmarks=true'
  for (const query of ['', 'resourceVersion=0', 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan']) {
    const watch = await world.watch(`${query}&${end}`)
    await world.settle()
    expect(watch.events).toEqual(['ADDED a@102', 'ADDED b@101', 'BOOKMARK 102 end'])
    await watch.cancel()
  }
  const plain = await world.watch('timeoutSeconds=600')
  await world.settle()
  expect(plain.events).toEqual(['ADDED a@102', 'ADDED b@101'])
})

it('[relay/21] a watch at "" begins with the newest state of the API server', async () => {
  await using world = await new RelayWorld(['a']).ready()
  world.server.faults.add({ match: { verb: 'watch' }, fault: { type: 'delay', ms: 1500 } })
  world.server.disconnect()
  await world.advance(1200)
  world.create('b')
  const watch = world.watch('timeoutSeconds=600')
  await world.advance(2500)
  expect((await watch).events).toEqual(['ADDED a@101', 'ADDED b@102'])
})

it('[relay/22] bookmarks come each minute and two seconds before the deadline, if something is newer than the start', async () => {
  await using world = await new RelayWorld(['a']).ready()
  const watch = await world.watch('resourceVersion=101&allowWatchBookmarks=true&timeoutSeconds=150')
  await world.advance(61_000)
  expect(watch.events).toEqual([])
  world.create('b')
  await world.advance(60_000)
  expect(watch.events).toEqual(['ADDED b@102', 'BOOKMARK 102'])
  world.create('c')
  await world.advance(28_000)
  expect(watch.events).toEqual(['ADDED b@102', 'BOOKMARK 102', 'ADDED c@103', 'BOOKMARK 103'])
})

it('[relay/23] a watch without timeoutSeconds ends cleanly after 30 to 60 minutes, and one with it at its deadline', async () => {
  await using world = await new RelayWorld(['a']).ready()
  const short = await world.watch('resourceVersion=101&timeoutSeconds=5')
  const long = await Promise.all(Array.from({ length: 5 }, () => world.watch('resourceVersion=101')))
  await world.advance(5000)
  expect(short.state).toBe('ended')
  await world.advance(30 * 60_000 - 6000)
  expect(long.map(({ state }) => state)).toEqual(Array(5).fill('open'))
  await world.advance(31 * 60_000)
  expect(long.map(({ state }) => state)).toEqual(Array(5).fill('ended'))
})

it('[relay/24] leaving a selector is DELETED with the old state and the version of the change, and entering is ADDED', async () => {
  await using world = await new RelayWorld([]).ready()
  world.create('a', { labels: { app: 'web' }, data: { state: 'old' } })
  await world.settle()
  const watch = await world.watch('resourceVersion=101&labelSelector=app%3Dweb&timeoutSeconds=60')
  world.update('a', { labels: { app: 'db' }, data: { state: 'new' } })
  world.update('a', { labels: { app: 'web' } })
  await world.settle()
  expect(watch.events).toEqual(['DELETED a@102', 'ADDED a@103'])
  expect(watch.objects[0]).toMatchObject({ data: { state: 'old' }, metadata: { labels: { app: 'web' } } })
})

it('[relay/25] watchers get one order of events, and a resume at any version in the window misses none and repeats none', async () => {
  await using world = await new RelayWorld(['a', 'b', 'c']).ready()
  const all = await world.watch('resourceVersion=103&timeoutSeconds=600')
  const other = await world.watch('resourceVersion=103&timeoutSeconds=600')
  for (let round = 0; round < 10; round++) {
    world.update('a')
    world.delete('b')
    world.create('b')
    if (round % 3 === 0) await world.settle()
  }
  await world.settle()
  expect(all.events).toHaveLength(30)
  expect(other.events).toEqual(all.events)
  for (let version = 103; version <= 133; version++) {
    const resumed = await world.watch(`resourceVersion=${version}&timeoutSeconds=600`)
    await world.settle()
    expect(resumed.events).toEqual(all.events.slice(version - 103))
    await resumed.cancel()
  }
})

it('[relay/26] one event to 10,000 watchers of one class is matched, converted and encoded once', async () => {
  await using world = await new RelayWorld([]).ready()
  const open = () => world.request(`${CONFIG_MAPS}?watch=true&resourceVersion=100&labelSelector=app%3Dweb&timeoutSeconds=600`)
  const readers = (await Promise.all(Array.from({ length: 10_000 }, open))).map(({ body }) => body?.getReader())
  const reads = readers.map((reader) => reader?.read())
  await world.settle()
  expect(world.relay.status).toMatchObject([{ watchers: 10_000, watchClasses: 1 }])
  world.create('a', { labels: { app: 'web' } })
  // One array for all: had it been encoded twice, there would be two.
  const chunks = await Promise.all(reads)
  expect(new Set(chunks.map((chunk) => chunk?.value)).size).toBe(1)
  expect(new TextDecoder().decode(chunks[0]?.value)).toContain('"name":"a"')
  expect(world.server.openRequests).toHaveLength(1)
  await Promise.all(readers.map((reader) => reader?.cancel()))
  expect(world.relay.status).toMatchObject([{ watchers: 0, watchClasses: 0 }])
}, 60_000)

it('[relay/27] a watcher that does not read delays no other, is ended without an error beyond its backlog, and can resume', async () => {
  await using world = await new RelayWorld([], { backlogBytes: 20_000 }).ready()
  const path = `${CONFIG_MAPS}?watch=true&resourceVersion=100&timeoutSeconds=600`
  const stalled = await world.request(path)
  const reading = readWatch(await world.request(path))
  for (let change = 0; change < 30; change++) {
    world.create(`c-${change}`, { data: { text: 'x'.repeat(1000) } })
    await world.settle()
  }
  expect(reading.events).toHaveLength(30)
  expect(world.events.filter(({ type }) => type === 'slow-watcher')).toHaveLength(1)
  const text = await stalled.text()
  expect(text).not.toContain('ERROR')
  const resumed = await world.watch('resourceVersion=100&timeoutSeconds=600')
  await world.settle()
  expect(resumed.events).toEqual(reading.events)
})

it('[relay/41] every event is counted, and the metrics have no paths and no names of users or objects', async () => {
  await using world = await new RelayWorld(['secret-name']).ready()
  const { relayMetrics } = await import('../../src/relay')
  const metrics = relayMetrics()
  const watch = await world.watch('resourceVersion=101&timeoutSeconds=600')
  await briefList(await world.request(CONFIG_MAPS))
  await world.request('/version')
  world.create('b')
  await world.settle()
  for (const event of world.events) metrics.onEvent(event)
  const text = metrics.text(world.relay)
  for (const line of [
    'kubeflect_relay_served_total{resource="configmaps",verb="list",code="200"} 1',
    'kubeflect_relay_served_total{resource="configmaps",verb="watch",code="200"} 1',
    'kubeflect_relay_passed_total{reason="resource",code="200"} 1',
    'kubeflect_relay_upstream_attempts_total{resource="configmaps",kind="stream"} 1',
    'kubeflect_relay_proofs_total{resource="configmaps",outcome="reached"} 1',
    'kubeflect_relay_watches_total{resource="configmaps"} 1',
    'kubeflect_relay_delivered_events_total{resource="configmaps"} 1',
    'kubeflect_relay_watchers{resource="configmaps"} 1',
    'kubeflect_relay_objects{resource="configmaps"} 2',
    'kubeflect_relay_lag_seconds{resource="configmaps"} 0',
  ])
    expect(text.split('\n')).toContain(line)
  expect(text).not.toContain('secret-name')
  expect(text).toMatch(/^# HELP \w+ .+\n# TYPE \w+ counter\n/)
  await watch.cancel()
  expect(world.events.at(-1)).toMatchObject({ type: 'watch-ended', resource: ConfigMap })
})

it('a relay that packs objects as they arrive answers with the same texts', async () => {
  const data = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`key-${index}`, `value ${index}`]))
  const bodies: string[][] = []
  for (const pack of [undefined, packOnArrival()]) {
    await using world = new RelayWorld([], { pack })
    for (const name of ['a', 'b', 'c']) world.create(name, { data: { ...data, name } })
    await world.ready()
    const watch = await world.watch('resourceVersion=103&timeoutSeconds=600')
    world.update('b', { data: { ...data, name: 'changed' } })
    await world.settle()
    const list = await world.request(`${CONFIG_MAPS}?resourceVersion=0`)
    bodies.push([await list.text(), JSON.stringify(watch.objects)])
  }
  expect(bodies[1]).toEqual(bodies[0])
  expect(bodies[0]?.[1]).toContain('changed')
})
