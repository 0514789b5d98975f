import { expect, it } from 'vitest'
import { entryFromObject } from '../../src/codec/entry'
import { delay } from '../../src/internal/delay'
import { Waiters } from '../../src/internal/waiters'
import { Freshness } from '../../src/relay/freshness'
import { ConfigMap } from '../../src/resources/core/v1'
import { VirtualClock } from '../../src/testing'
import { WatchCache } from '../../src/watch-cache/watch-cache'

/** Proves a cache with one object by a list whose part arrives again and again. Returns the outcome and the time it took. */
async function prove({ parts, everyMs }: { parts: number; everyMs: number }): Promise<string> {
  const clock = new VirtualClock(0)
  const cache = new WatchCache({ resource: ConfigMap, clock })
  const entry = entryFromObject<ConfigMap>({ metadata: { name: 'a', namespace: 'shop', uid: '1', resourceVersion: '7' } })
  cache.replace([entry], '7')
  const outcomes: string[] = []
  const freshness = new Freshness({
    cache,
    changes: new Waiters(clock),
    clock,
    async list(onEntries, signal) {
      for (let part = 0; part < parts; part++) {
        await delay(everyMs, { clock, signal })
        signal.throwIfAborted()
        onEntries([entry])
      }
      return '7'
    },
    onProof: (outcome, ms) => outcomes.push(`${outcome} after ${ms / 1000} s`),
  })
  const proof = freshness.prove()
  for (let second = 0; second < 400 && outcomes.length === 0; second++) await clock.advance(1000)
  await proof
  expect(clock.pending).toBe(0)
  return outcomes.join()
}

it('[relay/9] a proof waits for a slow list as long as parts of it arrive, so that not every reader lists for itself', async () => {
  expect(await prove({ parts: 9, everyMs: 29_000 })).toBe('reached after 261 s')
})

it('a proof ends half a minute after the last part of its list, and after five minutes in any case', async () => {
  expect(await prove({ parts: 3, everyMs: 31_000 })).toBe('failed after 30 s')
  expect(await prove({ parts: 11, everyMs: 29_000 })).toBe('failed after 300 s')
})
