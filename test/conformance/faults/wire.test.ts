import { describe, expect, test } from 'vitest'
import { isParseError, isWatchError } from '../../../src/api/errors'
import type { Fault } from '../../../src/testing'
import { Page, type PageOptions } from '../page'
import { World } from '../world'

const listing = { initialList: 'list' } as const
const EXOTIC = 'Zoë 店舗 🚀 line\u2028and\u2029paragraph \\n "quoted" {[brackets]}'

describe('streams that end inside an event', () => {
  for (const ending of ['error', 'close'] as const) {
    test(`[wire/truncated] drops the partial event and resumes after the last whole one when the connection ${ending === 'error' ? 'breaks' : 'closes cleanly'} at any byte`, async () => {
      const line = new World(['a', 'b'])
      const length = JSON.stringify({ type: 'ADDED', object: line.create('c', { data: { text: EXOTIC } }) }).length
      for (let inside = 1; inside < length; inside += 13) {
        const world = new World(['a'])
        await using page = await new Page(world, listing).open()
        world.server.disconnect()
        const whole = world.create('b', { data: { text: EXOTIC } })
        const firstLine = new TextEncoder().encode(`${JSON.stringify({ type: 'ADDED', object: whole })}\n`).byteLength
        world.create('c', { data: { text: EXOTIC } })
        world.server.faults.add({ match: { verb: 'watch' }, fault: { type: 'cut', afterBytes: firstLine + inside, ending } })
        await world.advance(5000)
        expect(page.requests).toEqual(['list ≥0', 'watch 101', 'watch 101', 'watch 102'])
        expect(page.changes).toEqual(['replace 101: +a@101', 'apply 102: +b@102', 'apply 103: +c@103'])
      }
    })
  }
})

describe('framing of events', () => {
  const busy = async (world: World, options: PageOptions) => {
    const page = await new Page(world, options).open()
    for (const name of ['b', 'c', 'd']) world.create(name, { data: { text: EXOTIC }, annotations: { EXOTIC } })
    world.update('a', { data: { text: EXOTIC } })
    world.delete('c')
    await world.settle()
    return page
  }

  for (const sizes of [[1], [2, 3, 5, 7], [1000]]) {
    test(`[wire/framing] reads every event from chunks of ${sizes.join(', ')} bytes that split events and UTF-8 anywhere`, async () => {
      for (const initialList of ['list', 'stream'] as const) {
        const world = new World(['a'])
        world.server.faults.add({ times: 9, fault: { type: 'chunks', sizes } })
        await using page = await busy(world, { initialList })
        expect(page.state).toBe(world.state)
        expect(page.store.get('shop/d')?.object.data?.text).toBe(EXOTIC)
      }
    })
  }

  test('[wire/framing] reads every event with CRLF, blank lines and several events in a chunk', async () => {
    const world = new World(['a'])
    await using page = await busy(world, {
      fetch: async (request, next) => {
        const response = await next(request)
        return new Response(response.body?.pipeThrough(rewriting((text) => text.replaceAll('\n', '\r\n\r\n \r\n'))), response)
      },
    })
    expect(page.state).toBe(world.state)
    expect(page.errors).toEqual([])
  })

  test('[wire/framing] reads a last event without a final newline', async () => {
    const world = new World(['a'])
    await using page = await new Page(world, listing).open()
    world.server.disconnect()
    const line = JSON.stringify({ type: 'ADDED', object: world.create('b') })
    world.server.faults.add({ match: { verb: 'watch' }, fault: { type: 'cut', afterBytes: line.length, ending: 'close' } })
    await world.advance(5000)
    expect(page.requests).toEqual(['list ≥0', 'watch 101', 'watch 101', 'watch 102'])
    expect(page.changes.slice(1)).toEqual(['apply 102: +b@102'])
  })
})

describe('malformed responses', () => {
  const faulty = async (fault: Fault, options: PageOptions = {}) => {
    const world = new World(['a'])
    world.server.faults.add({ match: ({ url }) => url.includes('resourceVersion=101'), fault })
    const page = await new Page(world, { ...listing, ...options }).open()
    world.create('b')
    await world.advance(5000)
    return { world, page }
  }

  test('[wire/malformed] reports malformed JSON in a watch, then relists', async () => {
    const { world, page } = await faulty({ type: 'line', afterLines: 1, text: '{"type":"ADDED","object":{"kind"' })
    await using _ = page
    expect(page.errors.map(isParseError)).toEqual([true])
    expect(page.requests).toEqual(['list ≥0', 'watch 101', 'list ≥102', 'watch 102'])
    expect(page.state).toBe(world.state)
  })

  test('[wire/malformed] reports an unknown event type, then relists', async () => {
    const { page } = await faulty({ type: 'line', text: '{"type":"RENAMED","object":{"metadata":{"name":"x"}}}' })
    await using _ = page
    expect(page.errors).toMatchObject([{ name: 'WatchError', message: expect.stringContaining('unknown watch event type "RENAMED"') }])
    expect(page.requests.slice(2)).toEqual(['list ≥101', 'watch 102'])
  })

  test('[wire/malformed] applies the events before a broken line in the same chunk', async () => {
    const { page } = await faulty({ type: 'line', afterLines: 1, text: 'garbage' })
    await using _ = page
    expect(page.changes).toEqual(['replace 101: +a@101', 'apply 102: +b@102', 'replace 102:'])
  })

  test('[wire/malformed] reports a list response that is not a list, then lists again', async () => {
    const world = new World(['a'])
    world.server.faults.add({ match: { verb: 'list' }, fault: { type: 'status', status: 200, text: '<html>Please log in</html>' } })
    await using page = await new Page(world, listing).open()
    await world.advance(2000)
    expect(page.errors).toMatchObject([{ name: 'ParseError', message: expect.stringContaining('Please log in') }])
    expect(page.requests).toEqual(['list ≥0', 'list ≥0', 'watch 101'])
  })

  test('[wire/malformed] reports an event whose object does not parse on arrival in strict mode (parse: "arrival"), then relists', async () => {
    const { page } = await faulty({ type: 'line', text: broken('x', '101') }, { parse: 'arrival' })
    await using _ = page
    expect(page.errors.map(isParseError)).toEqual([true])
    expect(page.requests.slice(2)).toEqual(['list ≥101', 'watch 102'])
  })
})

describe('entries whose text does not parse when read', () => {
  const read = (page: Page) => expect(() => page.store.get('shop/b')?.object).toThrow('the text of shop/b is not JSON')

  /** The first answer breaks the object `b` on its way. */
  const damaged = async (initialList: 'stream' | 'list', opening: (page: Page) => void = () => undefined) => {
    const world = new World(['a', 'b'])
    let first = true
    const page = new Page(world, {
      initialList,
      fetch: async (request, next) => {
        const response = await next(request)
        if (!first) return response
        first = false
        return new Response(response.body?.pipeThrough(rewriting((text) => text.replace(/("name":"b".*?"data":)\{"/, '$1{x"'))), response)
      },
    })
    opening(page)
    return { world, page: await page.open() }
  }

  test('[wire/malformed] drops and refetches an entry that fails to parse while the feed is live, and throws to the reader', async () => {
    const { world, page } = await damaged('stream')
    await using _ = page
    read(page)
    expect(page.state).toBe('a@101')
    expect(page.store.resourceVersion).toBe('')
    await world.advance(2000)
    expect(page.requests).toEqual(['stream newest', 'stream ≥102'])
    expect(page.state).toBe(world.state)
    expect(page.store.resourceVersion).toBe('102')
  })

  test('[wire/malformed] drops and refetches an entry that fails to parse during the wait for the next attempt', async () => {
    const { world, page } = await damaged('stream')
    await using _ = page
    world.server.disconnect()
    await world.settle()
    expect(page.reflector.state).toBe('backoff')
    read(page)
    world.create('c')
    await world.advance(5000)
    expect(page.state).toBe(world.state)
  })

  test('[wire/malformed] drops and refetches an entry that fails to parse in the subscriber that receives its list', async () => {
    const { world, page } = await damaged('list', (opened) => {
      const unsubscribe = opened.store.subscribe(() => {
        unsubscribe()
        read(opened)
      })
    })
    await using _ = page
    expect(page.state).toBe('a@101')
    await world.advance(2000)
    expect(page.requests).toEqual(['list ≥0', 'list ≥102', 'watch 102'])
    expect(page.state).toBe(world.state)
  })
})

test('[wire/event-too-long] reports an event above the line bound with the bound’s name, relists, and keeps memory bounded', async () => {
  const world = new World(['a'])
  world.server.faults.add({ times: 9, fault: { type: 'chunks', sizes: [100] } })
  await using page = await new Page(world, { ...listing, listWatch: { maxLineLength: 1000 } }).open()
  world.create('b', { data: { text: 'x'.repeat(100_000) } })
  await world.advance(5000)
  expect(page.errors.map((error) => isWatchError(error) && error.message)).toEqual([expect.stringContaining('1000')])
  expect(page.requests).toEqual(['list ≥0', 'watch 101', 'list ≥101', 'watch 102'])
  expect(page.state).toBe(world.state)
  // No more of it was read than the bound and one chunk.
  expect(world.server.requests[1]?.bytes).toBeLessThan(1300)
})

/** Changes what passes. */
function rewriting(change: (text: string) => string): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  const decoder = new TextDecoder()
  return new TransformStream({
    transform: (chunk, controller) => controller.enqueue(new TextEncoder().encode(change(decoder.decode(chunk, { stream: true })))),
  })
}

/** An event whose object a scan takes for whole. */
function broken(name: string, resourceVersion: string): string {
  return `{"type":"ADDED","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"${name}","namespace":"shop","uid":"u","resourceVersion":"${resourceVersion}"},"data":{x}}}`
}
