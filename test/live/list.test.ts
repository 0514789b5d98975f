import { describe, expect, it } from 'vitest'
import { field, memoryPersister } from '../../src'
import { Pod } from '../../src/resources/core/v1'
import { names, startPage } from './support'

describe('a live list', () => {
  it('requests nothing before it has a listener, and is idle', async () => {
    const { live, server, clock } = startPage()
    const list = live.list(Pod)
    expect(list.snapshot).toBe(list.initial)
    expect(list.snapshot).toMatchObject({ rows: [], total: 0, state: 'idle', isReady: false, isStale: false, error: undefined })
    await clock.advance(1_000)
    expect([server.requests.length, clock.pending]).toEqual([0, 0])
  })

  it('shows the rows of the server with their status, in one snapshot, and follows changes', async () => {
    const { live, clock, create, update } = startPage()
    create('b')
    create('a')
    const list = live.list(Pod, { view: { sort: { by: field('metadata.labels.phase') } } })
    const seen: string[] = []
    const stop = list.subscribe((snapshot) => seen.push(`${snapshot.state} ${snapshot.isReady} ${names(snapshot)}`))
    await clock.advance(100)
    expect(seen.at(-1)).toBe('live true a b')
    expect(seen.filter((each) => each.includes('true') && each.endsWith(' '))).toEqual([])
    update('b', '1')
    await clock.advance(100)
    expect(names(list.snapshot)).toBe('b a')
    expect(list.snapshot).toBe(list.snapshot)
    stop()
    await live.close()
  })

  it('[bindings/6] shares one feed among equal requests, whatever their views', async () => {
    const { live, clock, create, watches, lists } = startPage()
    create('a')
    live.list(Pod, { view: { sort: { by: field('metadata.name') } } }).subscribe(() => {})
    live.list(Pod, { namespace: '', view: { window: { limit: 1 } } }).subscribe(() => {})
    await clock.advance(100)
    expect([watches(), lists()]).toEqual([['pods'], 1])
    live.list(Pod, { labelSelector: 'app=web' }).subscribe(() => {})
    await clock.advance(100)
    expect(watches()).toEqual(['pods', 'pods app=web'])
    await live.close()
  })

  it('[bindings/1] ends its feed after the linger, and leaves no timer', async () => {
    const { live, clock, create, watches } = startPage({ lingerMs: 10_000 })
    create('a')
    const stop = live.list(Pod).subscribe(() => {})
    await clock.advance(100)
    stop()
    stop()
    await clock.advance(9_000)
    expect(watches()).toEqual(['pods'])
    await clock.advance(2_000)
    expect([watches(), clock.pending]).toEqual([[], 0])
  })

  it('[bindings/7] has its rows at once when it comes back within the linger, without a request', async () => {
    const { live, clock, server, create } = startPage()
    create('a')
    const stop = live.list(Pod).subscribe(() => {})
    await clock.advance(100)
    stop()
    await clock.advance(20_000)
    const { length } = server.requests
    const again = live.list(Pod)
    expect([names(again.snapshot), again.snapshot.state]).toEqual(['a', 'live'])
    again.subscribe(() => {})
    await clock.advance(15_000)
    expect(server.requests.slice(length).filter(({ url }) => !url.includes('timeoutSeconds=1&'))).toHaveLength(0)
    await live.close()
  })

  it('[bindings/7] starts from storage after the linger: stale with rows first, then live, without a list', async () => {
    const persister = memoryPersister()
    const { live, clock, create, lists } = startPage({ lingerMs: 0, persist: { to: persister, user: 'alice' } })
    create('a')
    const list = live.list(Pod)
    const stop = list.subscribe(() => {})
    await clock.advance(100)
    stop()
    await clock.advance(60_000)
    expect(list.snapshot).toBe(list.initial)
    const before = lists()
    const seen: string[] = []
    list.subscribe((snapshot) => seen.push(`${snapshot.source} ${snapshot.isStale ? 'stale' : 'fresh'} ${names(snapshot)}`))
    await clock.advance(5_000)
    expect(seen.filter((each) => !each.startsWith('undefined'))).toEqual(['persisted stale a', 'persisted fresh a'])
    expect(lists()).toBe(before)
    await live.close()
  })

  it('[bindings/16] keeps its rows, stale, when the connection is cut, and is live again', async () => {
    const { live, clock, server, create } = startPage()
    create('a')
    server.faults.add({ fault: { type: 'expire', afterMs: 5_000 } })
    const list = live.list(Pod)
    const seen: [state: string, isStale: boolean, total: number, error: unknown][] = []
    list.subscribe(({ state, isStale, total, error }) => seen.push([state, isStale, total, error]))
    await clock.advance(100)
    expect(seen.at(-1)).toEqual(['live', false, 1, undefined])
    const before = seen.length
    await clock.advance(60_000)
    const after = seen.slice(before)
    expect(after.filter(([state, isStale]) => isStale && state === 'backoff').length).toBeGreaterThan(0)
    expect(seen.at(-1)).toEqual(['live', false, 1, undefined])
    expect(after.every(([, , total]) => total === 1)).toBe(true)
    const repeated = after.filter((each, i) => i > 0 && each.every((value, k) => value === after[i - 1]?.[k]))
    expect(repeated).toEqual([])
    await live.close()
  })

  it('[bindings/16] shows the error of a server that denies access, once', async () => {
    const { live, clock, server } = startPage()
    server.faults.add({ fault: { type: 'status', status: 403 }, times: 100 })
    const list = live.list(Pod)
    const seen: string[] = []
    list.subscribe(({ state, error }) => seen.push(`${state} ${error !== undefined}`))
    await clock.advance(1_000)
    expect(seen.filter((each) => each.startsWith('denied'))).toEqual(['denied true'])
    await live.close()
  })

  it('takes another view without a request, with the rows in place when update returns', async () => {
    const { live, clock, server, create } = startPage()
    for (const name of ['a', 'b', 'ab']) create(name)
    const list = live.list(Pod)
    let calls = 0
    list.subscribe(() => calls++)
    await clock.advance(100)
    const { length } = server.requests
    calls = 0
    list.update({ filter: { search: { text: 'shop/a' } } })
    expect([names(list.snapshot), calls]).toEqual(['a ab', 1])
    list.update({ filter: { search: { text: 'shop/a' } } })
    expect([calls, server.requests.length]).toEqual([1, length])
    await live.close()
  })

  it('shows the first objects of a large list while it loads, with their number, and no row twice', async () => {
    const { live, clock, server, create } = startPage({ initialList: 'list' })
    for (let i = 0; i < 300; i++) create(`p${i}`)
    server.faults.add({ fault: { type: 'chunks', sizes: [4_000] } })
    server.faults.add({ fault: { type: 'stall', afterBytes: 30_000 } })
    const list = live.list(Pod)
    list.subscribe(() => {})
    await clock.advance(1_000)
    const { isPartial, isReady, total, progress } = list.snapshot
    expect({ isPartial, isReady }).toEqual({ isPartial: true, isReady: false })
    expect(total).toBeGreaterThan(10)
    expect(progress).toEqual({ objects: total })
    await clock.advance(300_000)
    expect(list.snapshot).toMatchObject({ isPartial: false, isReady: true, total: 300, progress: undefined })
    await live.close()
  })

  it('rejects what createLive cannot use, with the remedy', () => {
    const { client, live } = startPage()
    expect(() => startPage({ lingerMs: -1 })).toThrow(/^createLive: lingerMs is a number of milliseconds from 0, got -1/)
    expect(() => live.poll(Pod, { everyMs: 10 })).toThrow(/^poll: everyMs is at least 1000 milliseconds, got 10/)
    expect(() => live.list(undefined as never)).toThrow(TypeError)
    expect(client).toBeDefined()
  })
})

describe('whenReady', () => {
  it('resolves when the state is complete, and the feed waits for a component that was suspended', async () => {
    const { live, clock, create, watches } = startPage({ lingerMs: 0 })
    create('a')
    const list = live.list(Pod)
    const ready = list.whenReady()
    expect(live.list(Pod).whenReady()).toBe(ready)
    await clock.advance(100)
    await ready
    await clock.advance(4_000)
    expect([watches(), names(live.list(Pod).snapshot)]).toEqual([['pods'], 'a'])
    await clock.advance(2_000)
    expect([watches(), clock.pending]).toEqual([[], 0])
  })

  it('rejects with the error of a server that denies access', async () => {
    const { live, clock, server } = startPage()
    server.faults.add({ fault: { type: 'status', status: 403 }, times: 100 })
    const ready = live.list(Pod).whenReady()
    const result = expect(ready).rejects.toMatchObject({ status: 403 })
    await clock.advance(1_000)
    await result
    await live.close()
  })

  it('rejects when everything is closed first', async () => {
    const { live, clock, server } = startPage()
    server.faults.add({ fault: { type: 'delay', ms: 60_000 }, times: 9 })
    const result = expect(live.list(Pod).whenReady()).rejects.toThrow(/closed before it had a complete state/)
    await clock.advance(100)
    await live.close()
    await clock.settle()
    await result
  })
})
