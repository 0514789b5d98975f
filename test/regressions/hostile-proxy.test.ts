// A proxy between a page and its server does the worst for half a minute, and then nothing more.
import { describe, expect, test } from 'vitest'
import { breakBody } from '../../src/testing/faults'
import { createRandom, type Random } from '../../src/testing/random'
import { type Fetch, Page, type PageOptions } from '../conformance/page'
import { World } from '../conformance/world'
import { hostileFault } from '../support/hostile.ts'

const HOSTILE_MS = 30_000
const RECOVERY_MS = 10_000
const SEEDS = 100

/** Breaks the requests of a page until it is told to stop. */
class HostileProxy {
  readonly #world: World
  readonly #random: Random
  readonly #stalled = new Set<AbortController>()
  #isHostile = true

  constructor(world: World, random: Random) {
    this.#world = world
    this.#random = random
  }

  readonly fetch = async (request: Request, next: Fetch): Promise<Response> => {
    const fault = this.#isHostile ? hostileFault(this.#random) : undefined
    switch (fault?.type) {
      case 'reset':
        throw new TypeError('fetch failed')
      case 'answer':
        return new Response(fault.body, fault)
      case 'delay':
        await this.#delay(fault.ms, request.signal)
        return next(request)
      case 'cut':
      case 'stall': {
        const response = await next(request)
        if (!response.body) return response
        const { afterBytes } = fault
        const ending = fault.type === 'cut' && fault.ending === 'end' ? 'close' : 'error'
        const broken = breakBody(
          response.body,
          [fault.type === 'stall' ? { type: 'stall', afterBytes } : { type: 'cut', afterBytes, ending }],
          this.#world.clock,
        )
        return new Response(fault.type === 'stall' ? this.#stalling(broken) : broken, response)
      }
      default:
        return next(request)
    }
  }

  /** Passes everything on from now on; what is stalled breaks. */
  stop(): void {
    this.#isHostile = false
    for (const stalled of this.#stalled) stalled.abort(new TypeError('terminated'))
  }

  /** A body that breaks when it is released. */
  #stalling(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    const stalled = new AbortController()
    this.#stalled.add(stalled)
    const through = new TransformStream<Uint8Array, Uint8Array>()
    body.pipeTo(through.writable, { signal: stalled.signal }).catch(() => undefined)
    return through.readable
  }

  async #delay(ms: number, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const timer = this.#world.clock.setTimeout(resolve, ms)
      signal.addEventListener('abort', () => {
        this.#world.clock.clearTimeout(timer)
        reject(signal.reason)
      })
    })
  }
}

/** Creates, changes and deletes objects, all through. */
async function churn(world: World, random: Random, ms: number): Promise<void> {
  const names = Array.from({ length: 10 }, (_, index) => `o${index}`)
  for (const end = world.clock.now() + ms; world.clock.now() < end; ) {
    const name = names[random.below(names.length)] ?? ''
    const exists = world.state.includes(`${name}@`)
    if (!exists) world.create(name)
    else if (random.below(4) === 0) world.delete(name)
    else world.update(name)
    await world.advance(50 + random.below(400))
  }
}

/** How a page gets through; `lateMs` is how long after the last fault it was well, and `waitMs` for how long it had to wait then. */
async function survive(seed: number, options: PageOptions): Promise<{ seed: number; lateMs: number; waitMs: number }> {
  const random = createRandom(seed)
  const world = new World(['o0', 'o1', 'o2'])
  const proxy = new HostileProxy(world, random)
  let waitsUntil = 0
  const onEvent: PageOptions['onEvent'] = (event) => {
    if (event.type === 'backoff') waitsUntil = world.clock.now() + event.ms
  }
  await using page = await new Page(world, { fetch: proxy.fetch, random: random.next, onEvent, ...options }).open()
  await churn(world, random, HOSTILE_MS)
  proxy.stop()
  const endedAt = world.clock.now()
  await world.settle()
  const waitMs = waitsUntil - endedAt
  const isWell = () => page.reflector.state === 'live' && page.state === world.state
  while (!isWell() && world.clock.now() < endedAt + 90_000) await world.advance(100)
  return { seed, lateMs: world.clock.now() - endedAt, waitMs: Math.max(0, waitMs) }
}

describe('a proxy that breaks most requests for half a minute', () => {
  for (const initialList of ['stream', 'list'] as const) {
    test(`a proxy that breaks most requests for half a minute leaves every page (${initialList}) with the server's state within 10 s, but for one that waits after many failures in a row`, {
      timeout: 60_000,
    }, async () => {
      const seeds = Array.from({ length: SEEDS }, (_, seed) => seed)
      const late = []
      for (const seed of seeds) {
        const result = await survive(seed, { initialList })
        if (result.lateMs > RECOVERY_MS) late.push(result)
      }
      // The wait doubles with each failure in a row; five of them within the half minute lead to one of 13 to 26 s.
      expect(late.filter(({ lateMs, waitMs }) => lateMs > waitMs + 1_000)).toEqual([])
      expect(late.length).toBeLessThanOrEqual(SEEDS * 0.05)
    })
  }
})

test('a list that succeeds starts the waits after failed lists over, and not those after failed watches', async () => {
  const world = new World(['a'])
  let lists = 0
  const fetch = async (request: Request, next: Fetch) => {
    if (request.url.includes('watch=')) return new Response('<html>', { headers: { 'content-type': 'text/html' } })
    if (lists++ % 2 === 0) throw new TypeError('fetch failed')
    return next(request)
  }
  const waits: Record<string, number[]> = { connection: [], malformed: [] }
  const onEvent: PageOptions['onEvent'] = (event) => {
    if (event.type === 'backoff') waits[event.reason]?.push(event.ms)
  }
  await using _ = await new Page(world, { fetch, initialList: 'list', onEvent }).open()
  await world.advance(120_000)
  expect(waits.malformed?.slice(0, 6)).toEqual([1200, 2400, 4800, 9600, 19_200, 38_400])
  expect([...new Set(waits.connection)]).toEqual([1200])
})
