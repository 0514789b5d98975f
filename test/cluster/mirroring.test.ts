import { mirroring } from '../examples/mirroring-scenario'
import { describeCluster } from './suite.ts'

describeCluster('mirroring-a-configmap, with a real API server', (cluster) => {
  // What is open is the server's own affair: the process that asked is gone.
  mirroring(() => ({ baseUrl: cluster().proxyUrl, fetch: (request) => fetch(request), openRequests: [] }))
})
