import { mirroring } from '../examples/mirroring-scenario'
import { describeCluster } from './suite.ts'

describeCluster('mirroring-a-configmap, with a real API server', (cluster) => {
  // Open requests are not checked, because the process that sent them has exited.
  mirroring(() => ({ baseUrl: cluster().proxyUrl, fetch: (request) => fetch(request), openRequests: [] }))
})
