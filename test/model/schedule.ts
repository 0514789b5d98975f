import fc from 'fast-check'
import type { Fault, FaultMatch } from '../../src/testing'
import { type PackingMode, packingModes } from '../support/packing'

/** One thing that happens to the server, the network or the page. */
export type Action =
  | { readonly do: 'put' | 'delete' | 'recreate'; readonly name: string }
  /** Another resource takes a version. */
  | { readonly do: 'elsewhere' }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'fault'; readonly fault: Fault; readonly match: FaultMatch; readonly times: number }
  | { readonly do: 'disconnect' | 'restart' | 'compact' | 'backup' | 'restore' }
  /** The page is killed, or closed in order, and opened again. */
  | { readonly do: 'crash' | 'reopen' }
  /** The server is upgraded, or downgraded. */
  | { readonly do: 'watchList'; readonly support: 'supported' | 'refused' }

/** How the pages of one schedule work. */
export interface Setup {
  readonly initialList: 'stream' | 'list'
  readonly pageSize: number | undefined
  readonly relistPeriodMs: number
  readonly resyncPeriodMs: number
  /** How many events the server remembers. */
  readonly windowSize: number
  readonly seed: number
  readonly packing: PackingMode
}

const NAMES = ['a', 'b', 'c', 'd', 'e']
/** Up to a second, up to a minute, or so long that watches end and the patience with silent ones does. */
const wait = fc.oneof(fc.nat(1000), fc.nat(60_000), fc.nat(600_000))
const bytes = fc.oneof(fc.nat(50), fc.nat(2000))
const name = fc.constantFrom(...NAMES)

const status = fc.constantFrom(400, 401, 403, 404, 410, 422, 429, 500, 503, 504).chain((code) =>
  fc.record({
    type: fc.constant('status' as const),
    status: fc.constant(code),
    ...(code === 429 && { retryAfterSeconds: fc.integer({ min: 1, max: 30 }) }),
    ...(code > 500 && { text: fc.constant('the gateway has no answer') }),
  }),
)
const errorEvent = fc.constantFrom(410, 429, 500, 504).map((code) => ({
  code,
  message: `injected: ${code}`,
  ...(code === 429 && { details: { retryAfterSeconds: 5 } }),
  ...(code === 504 && { details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } }),
}))
const garbage = fc.constantFrom(
  'garbage',
  '{"type":"ADDED","object":',
  '{"type":"RENAMED","object":{"metadata":{"name":"a"}}}',
  '{"type":"ADDED"}',
)

const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.constant({ type: 'refuse' } as const),
  fc.record({ type: fc.constant('delay' as const), ms: fc.nat(20_000) }),
  status,
  fc.record({ type: fc.constant('cut' as const), afterBytes: bytes, ending: fc.constantFrom('error' as const, 'close' as const) }),
  fc.record({ type: fc.constant('stall' as const), afterBytes: bytes }),
  fc.record({ type: fc.constant('line' as const), text: garbage, afterLines: fc.nat(4) }),
  fc.record({ type: fc.constant('error-event' as const), status: errorEvent, afterLines: fc.nat(4) }),
  fc.record({ type: fc.constant('chunks' as const), sizes: fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 3 }) }),
)

const plain = <T extends Action['do']>(...names: readonly T[]) => fc.constantFrom(...names).map((each) => ({ do: each }))

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('put' as const, 'delete' as const, 'recreate' as const), name }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: wait }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('fault' as const),
      fault,
      match: fc.constantFrom<FaultMatch>({}, { verb: 'watch' }, { verb: 'list' }),
      times: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 3, arbitrary: plain('disconnect', 'restart', 'compact') },
  { weight: 2, arbitrary: plain('crash', 'reopen') },
  { weight: 1, arbitrary: plain('elsewhere') },
  { weight: 1, arbitrary: plain('backup', 'restore') },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('watchList' as const), support: fc.constantFrom('supported' as const, 'refused' as const) }),
  },
)

/** What happens, in order. */
export const schedule: fc.Arbitrary<readonly Action[]> = fc.array(action, { maxLength: 60, size: 'max' })

/** How the pages work while it happens. */
export const setup: fc.Arbitrary<Setup> = fc.record({
  initialList: fc.constantFrom('stream', 'list'),
  pageSize: fc.constantFrom(undefined, 1, 2, 3),
  relistPeriodMs: fc.constantFrom(0, 0, 45_000),
  resyncPeriodMs: fc.constantFrom(0, 30_000),
  windowSize: fc.constantFrom(2, 1000),
  seed: fc.nat(),
  packing: fc.constantFrom(...packingModes),
})
