import { describe } from 'vitest'
import { FakeApiServer } from '../../src/testing'
import { mirroring } from './mirroring-scenario'

describe('mirroring-a-configmap, with the fake API server', { timeout: 60_000 }, () => {
  const api = new FakeApiServer()
  const target = {
    baseUrl: 'http://kubernetes.test',
    fetch: api.fetch,
    get openRequests() {
      return api.openRequests
    },
  }
  mirroring(() => target)
})
