import { describe } from 'vitest'
import { Lease } from '../../src/resources/coordination.k8s.io/v1'
import { Event } from '../../src/resources/events.k8s.io/v1'
import { FakeApiServer } from '../../src/testing'
import { restarting } from '../examples/restarting-scenario'

describe('restart-on-config-change, with the fake API server', { timeout: 120_000 }, () => {
  const api = new FakeApiServer({ resources: [Lease, Event] })
  restarting(() => ({ baseUrl: 'http://kubernetes.test', fetch: api.fetch }))
})
