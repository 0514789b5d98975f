import { describe, expect, it } from 'vitest'
import { KubeClient } from '../../src/http/client'
import {
  isLeadershipLostError,
  LeaderElection,
  type LeaderElectionOptions,
  LeadershipLostError,
  type Term,
} from '../../src/operator/leader-election'
import { LEASES, microTime } from '../../src/operator/lease'
import { FakeApiServer } from '../../src/testing/fake-api-server'
import { VirtualClock } from '../../src/testing/virtual-clock'

const id = { name: 'widgets', namespace: 'shop' }

/** A server, and replicas that take part in the election of its lease. */
class Scene {
  readonly clock = new VirtualClock()
  readonly server = new FakeApiServer({ clock: this.clock, resources: [LEASES] })
  readonly errors: unknown[] = []
  readonly leaders: string[] = []

  replica(identity: string, options: Partial<LeaderElectionOptions> = {}) {
    const client = new KubeClient({ baseUrl: 'http://kubernetes.test', fetch: this.server.fetch, clock: this.clock })
    const election = new LeaderElection(client, {
      ...id,
      identity,
      clock: this.clock,
      random: () => 0,
      onError: (error) => this.errors.push(error),
      onLeader: (leader) => this.leaders.push(`${identity} sees ${leader}`),
      ...options,
    })
    const stop = new AbortController()
    const terms: Term[] = []
    const done = election.run(
      async (term) => {
        terms.push(term)
        await new Promise((resolve) => term.signal.addEventListener('abort', resolve))
      },
      { signal: stop.signal },
    )
    done.catch(() => undefined)
    return { election, stop, terms, done }
  }

  get lease() {
    return this.server.get(LEASES, id)?.spec
  }
}

describe('a leader election', () => {
  it('the first replica creates the lease and leads, and renews it every two seconds', async () => {
    const scene = new Scene()
    const { terms } = scene.replica('a', { labels: { app: 'widgets' } })
    await scene.clock.advance(100)
    expect(terms).toHaveLength(1)
    expect(scene.lease).toMatchObject({ holderIdentity: 'a', leaseDurationSeconds: 15, leaseTransitions: 0 })
    expect(scene.server.get(LEASES, id)?.metadata.labels).toEqual({ app: 'widgets' })
    const { renewTime } = scene.lease ?? {}
    await scene.clock.advance(2_100)
    expect(scene.lease?.renewTime).not.toBe(renewTime)
    expect(scene.lease?.renewTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
    terms[0]?.assertLeading()
  })

  it('a second replica waits, and leads within its retry period after a clean end', async () => {
    const scene = new Scene()
    const a = scene.replica('a')
    await scene.clock.advance(100)
    const b = scene.replica('b')
    await scene.clock.advance(60_000)
    expect(b.terms).toHaveLength(0)
    a.stop.abort(new Error('deployment'))
    await scene.clock.advance(100)
    await a.done
    expect(scene.lease?.holderIdentity).toBe('')
    await scene.clock.advance(2_100)
    expect(b.terms).toHaveLength(1)
    expect(b.terms[0]?.transitions).toBe(1)
    expect(scene.leaders).toContain('b sees a')
  })

  it('a second replica takes the lease of a dead leader when it has not changed for its duration', async () => {
    const scene = new Scene()
    scene.server.create(LEASES, {
      metadata: id,
      spec: { holderIdentity: 'dead', leaseDurationSeconds: 15, renewTime: '2000-01-01T00:00:00.000000Z', leaseTransitions: 4 },
    })
    const { terms } = scene.replica('a')
    // The written time is long past, but only observed changes count.
    await scene.clock.advance(14_000)
    expect(terms).toHaveLength(0)
    await scene.clock.advance(4_000)
    expect(terms[0]?.transitions).toBe(5)
  })

  it('a leader that cannot renew loses its term at the deadline, and its lease is not released', async () => {
    const scene = new Scene()
    const a = scene.replica('a')
    await scene.clock.advance(100)
    scene.server.faults.add({ times: Number.POSITIVE_INFINITY, fault: { type: 'refuse' } })
    await scene.clock.advance(9_000)
    expect(a.terms[0]?.signal.aborted).toBe(false)
    await scene.clock.advance(1_500)
    expect(a.terms[0]?.signal.aborted).toBe(true)
    await expect(a.done).rejects.toSatisfy(isLeadershipLostError)
    expect(() => a.terms[0]?.assertLeading()).toThrow(LeadershipLostError)
    expect(scene.lease?.holderIdentity).toBe('a')
    expect(scene.errors.length).toBeGreaterThan(0)
  })

  it('a request that hangs is ended by the deadline', async () => {
    const scene = new Scene()
    const a = scene.replica('a')
    await scene.clock.advance(100)
    scene.server.faults.add({ times: Number.POSITIVE_INFINITY, fault: { type: 'delay', ms: Number.POSITIVE_INFINITY } as never })
    await scene.clock.advance(11_000)
    await expect(a.done).rejects.toSatisfy(isLeadershipLostError)
  })

  it('a leader notices at once that another replica holds its lease', async () => {
    const scene = new Scene()
    const a = scene.replica('a')
    await scene.clock.advance(100)
    const lease = scene.server.get(LEASES, id)
    scene.server.update(LEASES, { ...lease, metadata: { ...id }, spec: { ...lease?.spec, holderIdentity: 'b' } })
    await scene.clock.advance(2_100)
    await expect(a.done).rejects.toSatisfy(isLeadershipLostError)
  })

  it('assertLeading throws after a sleep during which no timer fired', async () => {
    let asleepMs = 0
    const scene = new Scene()
    const clock = {
      now: () => scene.clock.now() + asleepMs,
      setTimeout: (callback: () => void, ms: number) => scene.clock.setTimeout(callback, ms),
      clearTimeout: (timer: unknown) => scene.clock.clearTimeout(timer),
    }
    const a = scene.replica('a', { clock })
    await scene.clock.advance(100)
    a.terms[0]?.assertLeading()
    asleepMs = 20_000
    expect(() => a.terms[0]?.assertLeading()).toThrow('does not lead')
  })

  it('an error of the leader’s work ends the election with it, and releases the lease', async () => {
    const scene = new Scene()
    const client = new KubeClient({ baseUrl: 'http://kubernetes.test', fetch: scene.server.fetch, clock: scene.clock })
    const election = new LeaderElection(client, { ...id, identity: 'a', clock: scene.clock, random: () => 0 })
    const failed = expect(election.run(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
    await scene.clock.advance(100)
    await failed
    expect(scene.lease?.holderIdentity).toBe('')
  })

  it('a replica that is stopped while it waits resolves, and leaves the lease alone', async () => {
    const scene = new Scene()
    scene.replica('a')
    await scene.clock.advance(100)
    const b = scene.replica('b')
    await scene.clock.advance(5_000)
    b.stop.abort()
    await scene.clock.advance(100)
    await b.done
    expect(scene.lease?.holderIdentity).toBe('a')
  })

  it.each([
    ['acquires', 'POST'],
    ['renews', 'PUT'],
  ])('a replica that is stopped while it %s the lease releases it, though the answer never came', async (_, method) => {
    const scene = new Scene()
    let isCarriedOut = false
    const fetch = async (request: Request): Promise<Response> => {
      const { signal } = request
      const response = await scene.server.fetch(request)
      if (request.method !== method || isCarriedOut) return response
      isCarriedOut = true
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    }
    const client = new KubeClient({ baseUrl: 'http://kubernetes.test', fetch, clock: scene.clock })
    const stop = new AbortController()
    const lead = ({ signal }: Term) => new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    const done = new LeaderElection(client, { ...id, identity: 'a', clock: scene.clock }).run(lead, { signal: stop.signal })
    for (let i = 0; i < 50 && !isCarriedOut; i++) await scene.clock.advance(100)
    expect(scene.lease?.holderIdentity).toBe('a')
    stop.abort()
    await scene.clock.advance(100)
    await done
    expect(scene.lease?.holderIdentity).toBe('')
  })

  it('two replicas never lead at the same time, whatever requests fail', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const scene = new Scene()
      let state = seed
      const random = () => {
        state = (state * 1_103_515_245 + 12_345) % 2 ** 31
        return state / 2 ** 31
      }
      const replicas = ['a', 'b', 'c'].map((identity) => scene.replica(identity, { random }))
      for (let step = 0; step < 40; step++) {
        if (random() < 0.4) scene.server.faults.add({ times: Math.ceil(random() * 6), fault: { type: 'refuse' } })
        await scene.clock.advance(1_000 * Math.ceil(random() * 6))
        const leading = replicas.filter(({ terms }) => {
          try {
            terms[0]?.assertLeading()
            return terms.length > 0
          } catch {
            return false
          }
        })
        expect(leading.length, `seed ${seed}, step ${step}`).toBeLessThanOrEqual(1)
      }
      for (const { stop } of replicas) stop.abort()
      scene.server.faults.clear()
      await scene.clock.advance(60_000)
    }
  })

  it.each([
    [{ identity: '' }, 'identity must be a non-empty string'],
    [{ leaseDurationMs: 10_000 }, 'leaseDurationMs must be greater than renewDeadlineMs'],
    [{ renewDeadlineMs: 2_400 }, 'renewDeadlineMs must be greater than 1.2 times retryPeriodMs'],
    [{ leaseDurationMs: 500, renewDeadlineMs: 100, retryPeriodMs: 10 }, 'leaseDurationMs at least 1000'],
  ])('options that client-go refuses are refused: %j', (options, message) => {
    const client = new KubeClient({ baseUrl: 'http://kubernetes.test' })
    expect(() => new LeaderElection(client, { ...id, identity: 'a', ...options })).toThrow(message)
  })

  it('a MicroTime has six digits after the point', () => {
    expect(microTime(0)).toBe('1970-01-01T00:00:00.000000Z')
  })
})
