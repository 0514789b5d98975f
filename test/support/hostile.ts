// The faults of a hostile proxy.

import type { Random } from '../../src/testing/random'
import type { ProxyFault } from './reverse-proxy.ts'

/** The percentage of requests with a fault. */
const FAULTY_PERCENT = 60
/** The maximum duration of a fault, in milliseconds. */
const LONGEST_MS = 4_000

const PROBLEM_PAGE = '<!doctype html><title>Sign in</title><form action="/login"></form>'
const GONE = { kind: 'Status', apiVersion: 'v1', status: 'Failure', message: 'too old resource version', reason: 'Expired', code: 410 }

/** Returns the fault, if any, of a hostile proxy for the next request. Deterministic for the same random numbers. */
export function hostileFault(random: Random): ProxyFault | undefined {
  if (random.below(100) >= FAULTY_PERCENT) return undefined
  const text = { 'content-type': 'text/plain' }
  const faults: (() => ProxyFault)[] = [
    () => ({ type: 'cut', afterBytes: random.below(4000), ending: 'reset' }),
    () => ({ type: 'cut', afterBytes: random.below(4000), ending: 'end' }),
    () => ({ type: 'stall', afterBytes: random.below(4000) }),
    () => ({ type: 'delay', ms: random.below(LONGEST_MS) }),
    () => ({ type: 'reset' }),
    () => ({ type: 'answer', status: 429, headers: { ...text, 'retry-after': String(1 + random.below(3)) }, body: 'too many requests' }),
    () => ({ type: 'answer', status: 500, headers: text, body: 'upstream connect error' }),
    () => ({ type: 'answer', status: 200, headers: { 'content-type': 'text/html' }, body: PROBLEM_PAGE }),
    () => ({ type: 'answer', status: 410, headers: { 'content-type': 'application/json' }, body: JSON.stringify(GONE) }),
  ]
  return faults[random.below(faults.length)]?.()
}
