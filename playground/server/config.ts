import { fileURLToPath } from 'node:url'
import type { InlineConfig } from 'vite'
import { sourceAlias } from '../../scripts/source-alias.ts'
import type { Cluster } from './cluster.ts'
import { FakeCluster } from './fake-cluster.ts'
import { clusterPlugin } from './plugin.ts'
import { RealCluster } from './real-cluster.ts'

/** The cluster to show: the one of an API server, or else a make-believe one. */
export function chooseCluster(server: string | undefined): Cluster {
  return server ? new RealCluster(server) : new FakeCluster()
}

/** Vite's configuration of the playground, in front of a cluster. */
export function playgroundConfig(cluster: Cluster, { port }: { port: number }): InlineConfig {
  return {
    root: fileURLToPath(new URL('..', import.meta.url)),
    resolve: { alias: sourceAlias },
    plugins: [clusterPlugin(cluster)],
    // Known from the start: a dependency that is found late reloads the page.
    optimizeDeps: { include: ['@tanstack/virtual-core', 'idb-keyval', 'ky', 'valibot'] },
    // No other origin reads what this server has: behind it may be a real cluster.
    server: { host: '127.0.0.1', port, strictPort: true, cors: false, allowedHosts: [] },
    preview: { host: '127.0.0.1', port, strictPort: true, cors: false, allowedHosts: [] },
  }
}
