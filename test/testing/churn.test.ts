import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type FixturePod, podFixture, VirtualClock } from '../../src/testing'
import { Churn } from '../../src/testing/churn'
import { Pod, readAll, setUp } from './resources'

describe('pod fixtures', () => {
  it('pod fixtures are the same for the same index, and differ between indices', () => {
    expect(podFixture(7)).toEqual(podFixture(7))
    expect(podFixture(7).metadata.name).not.toBe(podFixture(8).metadata.name)
    expect(new Set(Array.from({ length: 2000 }, (_, index) => podFixture(index).metadata.name)).size).toBe(2000)
  })

  it('pod fixtures are as large as real pods: about 7 kB, a third of them managedFields', () => {
    const pod = podFixture(42)
    const { length } = JSON.stringify(pod)
    expect(length).toBeGreaterThan(6300)
    expect(length).toBeLessThan(7700)
    expect(JSON.stringify(pod.metadata.managedFields).length / length).toBeGreaterThan(0.25)
  })

  it('pod fixtures are ASCII by default', () => {
    expect(JSON.stringify(podFixture(3))).toMatch(/^[ -~]*$/)
    expect(JSON.stringify(podFixture(3, { nonAscii: true }))).not.toMatch(/^[ -~]*$/)
  })
})

describe('churn', () => {
  const run = async (seed: number) => {
    const { clock, server } = setUp({ uid: () => 'uid' })
    for (let index = 0; index < 20; index++) server.create(Pod, podFixture(index))
    const churn = server.churn({ changesPerSecond: 50, seed, namespaces: ['default', 'shop'] })
    await clock.advance(10_000)
    churn.close()
    return { clock, server, churn }
  }

  it('churn makes the configured changes per second by the clock of the server, each as an event', async () => {
    const { clock, server } = setUp()
    for (let index = 0; index < 20; index++) server.create(Pod, podFixture(index))
    const watch = readAll(await server.fetch(`http://kubernetes.test/api/v1/pods?watch=1&resourceVersion=${server.resourceVersion}`))
    const churn = server.churn({ changesPerSecond: 40 })
    await clock.advance(5000)
    expect(churn.changes).toBe(200)
    expect(watch.text.trim().split('\n')).toHaveLength(200)
    churn.close()
    await clock.advance(5000)
    expect(churn.changes).toBe(200)
    // The end of the watch.
    expect(clock.pending).toBe(1)
  })

  it('churn is the same for the same seed', async () => {
    const [first, again, other] = await Promise.all([run(1), run(1), run(2)])
    expect(again.server.list(Pod)).toEqual(first.server.list(Pod))
    expect(other.server.list(Pod)).not.toEqual(first.server.list(Pod))
  })

  it('churn creates, changes and deletes pods', async () => {
    const { server } = await run(3)
    const pods = server.list(Pod)
    expect(pods.some(({ metadata }) => metadata.namespace === 'shop')).toBe(true)
    expect(pods.some(({ status }) => status?.containerStatuses?.some(({ restartCount }) => restartCount > 0))).toBe(true)
  })

  it('churn keeps the number of pods within a tenth of the initial one, for any seed and at every moment of a long run', () => {
    fc.assert(
      fc.property(
        fc.record({ seed: fc.integer(), size: fc.integer({ min: 0, max: 120 }), replacedPercent: fc.integer({ min: 0, max: 50 }) }),
        ({ seed, size, replacedPercent }) => {
          const names = new Map<string, FixturePod>()
          const add = (pod: FixturePod) => {
            const { name = '', namespace = '' } = pod.metadata
            names.set(name, pod)
            return { name, namespace }
          }
          for (let index = 0; index < size; index++) add(podFixture(index))
          const clock = new VirtualClock(0)
          const band = Math.max(3, Math.floor(size / 10))
          const check = () => {
            expect(names.size).toBeLessThanOrEqual(size + band)
            expect(names.size).toBeGreaterThanOrEqual(size - band)
          }
          let now = 0
          const churn = new Churn(
            {
              clock: { ...clock, now: () => now, setTimeout: () => undefined, clearTimeout: () => undefined },
              pods: () => Array.from(names.keys(), (name) => ({ name, namespace: 'default' })),
              get: ({ name }) => names.get(name),
              create: (pod) => {
                const created = add(pod)
                check()
                return created
              },
              update: (pod) => void names.set(pod.metadata.name ?? '', pod),
              delete: ({ name }) => {
                names.delete(name)
                check()
              },
            },
            { seed, replacedPercent, changesPerSecond: 1000 },
          )
          // 1,500 changes in one batch.
          now = 1500
          churn.close()
          expect(churn.changes).toBe(1500)
        },
      ),
      { numRuns: 12 },
    )
  })

  it('churn refuses a replacedPercent above 50', () => {
    expect(() => setUp().server.churn({ replacedPercent: 51 })).toThrow('replacedPercent must be between 0 and 50')
  })

  it('churn changes its rate and pauses on request', async () => {
    const { clock, server } = setUp()
    const churn = server.churn({ changesPerSecond: 1 })
    await clock.advance(2000)
    expect(churn.changes).toBe(2)
    churn.changesPerSecond = 1000
    await clock.advance(1000)
    expect(churn.changes).toBe(1002)
    churn.changesPerSecond = 0
    await clock.advance(10_000)
    expect(churn.changes).toBe(1002)
    churn.changesPerSecond = 0.5
    await clock.advance(4000)
    expect(churn.changes).toBe(1004)
    expect(() => server.churn({ changesPerSecond: -1 })).toThrow('changesPerSecond must not be negative')
    churn.close()
  })
})

describe('a virtual clock', () => {
  it('a virtual clock fires timers in order, simultaneous ones in the order they were set, each after the work of the previous one', async () => {
    const clock = new VirtualClock(0)
    const seen: string[] = []
    const note = (what: string) => () =>
      void Promise.resolve()
        .then(() => Promise.resolve())
        .then(() => seen.push(`${what}@${clock.now()}`))
    clock.setTimeout(note('b'), 20)
    clock.setTimeout(note('a'), 10)
    clock.setTimeout(note('c'), 20)
    const cancelled = clock.setTimeout(note('never'), 15)
    clock.setTimeout(() => clock.setTimeout(note('nested'), 5), 10)
    clock.clearTimeout(cancelled)
    await clock.advance(20)
    expect(seen).toEqual(['a@10', 'nested@15', 'b@20', 'c@20'])
    expect(clock.now()).toBe(20)
    expect(clock.pending).toBe(0)
  })
})
