import { describe, expect, it } from 'vitest'
import { KubeClient } from '../../src/http/client'
import { EventRecorder } from '../../src/operator/event-recorder'
import { cut, EVENTS } from '../../src/operator/event-series'
import { ConfigMap, Node } from '../../src/resources/core/v1'
import { FakeApiServer } from '../../src/testing/fake-api-server'
import { VirtualClock } from '../../src/testing/virtual-clock'

function setUp() {
  const clock = new VirtualClock()
  const server = new FakeApiServer({ clock, resources: [EVENTS, ConfigMap, Node] })
  const map = server.create(ConfigMap, { metadata: { name: 'a', namespace: 'shop' } })
  const requests: string[] = []
  const fetch = (request: Request) => {
    requests.push(request.method)
    return server.fetch(request)
  }
  const client = new KubeClient({ baseUrl: 'http://kubernetes.test', fetch, clock })
  const errors: unknown[] = []
  let last = 0
  const recorder = new EventRecorder(client, {
    controller: 'example.com/widgets',
    instance: 'widgets-1',
    clock,
    random: () => (last += 0.001),
    onError: (error) => errors.push(error),
  })
  const record = (note?: string) => recorder.record({ regarding: map, resource: ConfigMap, reason: 'Scaled', action: 'Scale', note })
  const events = (namespace = 'shop') =>
    server.list(EVENTS).filter(({ metadata, reason }) => metadata.namespace === namespace && (reason === 'Scaled' || reason === 'Drained'))
  return { clock, server, recorder, record, events, requests, errors, map }
}

describe('an event recorder', () => {
  it('the first of equal events is created at once, without a series', async () => {
    const { clock, record, events } = setUp()
    record('to 3 pods')
    await clock.advance(100)
    expect(events()).toMatchObject([
      {
        reason: 'Scaled',
        action: 'Scale',
        type: 'Normal',
        note: 'to 3 pods',
        reportingController: 'example.com/widgets',
        reportingInstance: 'widgets-1',
        regarding: { kind: 'ConfigMap', name: 'a', namespace: 'shop' },
      },
    ])
    expect(events()[0]?.series).toBeUndefined()
  })

  it('a thousand equal events in a minute are one create and at most two patches', async () => {
    const { clock, record, events, requests } = setUp()
    for (let i = 0; i < 1000; i++) {
      record()
      await clock.advance(59)
    }
    await clock.advance(60_000)
    expect(events()).toHaveLength(1)
    expect(events()[0]?.series?.count).toBe(1000)
    expect(requests.filter((method) => method === 'POST')).toHaveLength(1)
    expect(requests.filter((method) => method === 'PATCH').length).toBeLessThanOrEqual(3)
  })

  it('ten notes are ten events, and the eleventh joins the series without a note', async () => {
    const { clock, record, events } = setUp()
    for (let i = 0; i < 12; i++) record(`to ${i} pods`)
    await clock.advance(100)
    expect(events()).toHaveLength(11)
  })

  it('a series that was quiet for six minutes starts over', async () => {
    const { clock, record, events } = setUp()
    record()
    await clock.advance(7 * 60_000)
    record()
    await clock.advance(100)
    expect(events()).toHaveLength(2)
  })

  it('an event that the server has forgotten is created again', async () => {
    const { clock, server, record, events } = setUp()
    record()
    await clock.advance(100)
    const { name = '' } = events()[0]?.metadata ?? {}
    server.delete(EVENTS, { name, namespace: 'shop' })
    record()
    await clock.advance(100)
    expect(events()).toMatchObject([{ series: { count: 2 } }])
  })

  it('events about cluster-scoped objects are in the namespace default', async () => {
    const { clock, server, recorder, events } = setUp()
    const node = server.create(Node, { metadata: { name: 'n1' } })
    recorder.record({ regarding: node, resource: Node, reason: 'Drained', action: 'Drain' })
    await clock.advance(100)
    expect(events('default')).toHaveLength(1)
  })

  it('events are written when the server is back, and given up after two minutes', async () => {
    const { clock, server, record, events, errors } = setUp()
    server.faults.add({ times: 3, fault: { type: 'refuse' } })
    record()
    await clock.advance(35_000)
    expect(events()).toHaveLength(1)
    server.faults.add({ times: Number.POSITIVE_INFINITY, fault: { type: 'refuse' } })
    record('other')
    await clock.advance(150_000)
    expect(errors).toHaveLength(1)
  })

  it('while the server is away, the latest thousand events wait, and each older one is reported and never written', async () => {
    const { clock, server, recorder, events, errors, map } = setUp()
    server.faults.add({ times: 1, fault: { type: 'refuse' } })
    const recordAll = (count: number, from = 0) => {
      for (let i = from; i < from + count; i++)
        recorder.record({ regarding: map, resource: ConfigMap, reason: 'Scaled', action: `Scale${i}` })
    }
    recordAll(1)
    await clock.advance(100)
    recordAll(1_499, 1)
    expect(errors).toHaveLength(500)
    expect(String(errors[0])).toContain('more than 1000 Events wait: dropped one about a')
    await clock.advance(15_000)
    await recorder.flush()
    const written = new Set(events().map(({ action }) => action))
    // The first was dropped while it was being written.
    written.delete('Scale0')
    expect([...written].sort()).toEqual(Array.from({ length: 1_000 }, (_, i) => `Scale${500 + i}`).sort())
  })

  it('an event that the server refuses is reported, and not tried again', async () => {
    const { clock, server, record, errors } = setUp()
    server.faults.add({ times: 1, fault: { type: 'status', status: 403 } })
    record()
    await clock.advance(60_000)
    expect(errors).toHaveLength(1)
  })

  it('close writes what was recorded, and nothing is recorded afterwards', async () => {
    const { recorder, record, events } = setUp()
    record()
    record()
    record()
    await recorder.close()
    expect(events()[0]?.series?.count).toBe(3)
    record('late')
    await recorder.close()
    expect(events()).toHaveLength(1)
  })

  it('a server that never answers holds up close for 30 s, and the Events are reported', async () => {
    const { clock, server, recorder, record, errors } = setUp()
    server.faults.add({ times: Number.POSITIVE_INFINITY, fault: { type: 'delay', ms: 600_000 } })
    record()
    let isClosed = false
    const closing = recorder.close().then(() => {
      isClosed = true
    })
    await clock.advance(29_000)
    expect(isClosed).toBe(false)
    await clock.advance(2_000)
    await closing
    expect(String(errors)).toContain('the server did not answer for 30 s')
  })

  it('an occurrence without a reason, an action or a kind is a TypeError', () => {
    const { recorder, map } = setUp()
    expect(() => recorder.record({ regarding: map, resource: ConfigMap, reason: '', action: 'Scale' })).toThrow('reason and action')
    const bare = { metadata: { name: 'a', namespace: 'shop' } }
    expect(() => recorder.record({ regarding: bare, reason: 'A', action: 'B' })).toThrow('a has no kind and apiVersion: pass its resource')
  })

  it('a long note is cut at a character', () => {
    expect(cut('ä'.repeat(600), 1023)).toBe('ä'.repeat(511))
    expect(cut('short', 1024)).toBe('short')
  })
})
