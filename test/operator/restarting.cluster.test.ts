import { describeCluster } from '../cluster/suite.ts'
import { restarting } from '../examples/restarting-scenario'

describeCluster('restart-on-config-change, with a real API server', (cluster) => {
  restarting(() => ({ baseUrl: cluster().proxyUrl, fetch: (request) => fetch(request) }))
})
