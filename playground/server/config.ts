// Configures the playground’s server.
import { fileURLToPath } from 'node:url'
import type { InlineConfig } from 'vite'
import { sourceAlias } from '../../scripts/source-alias.ts'
import type { Cluster } from './cluster.ts'
import { FakeCluster } from './fake-cluster.ts'
import { clusterPlugin } from './plugin.ts'
import { RealCluster } from './real-cluster.ts'
import { RelayedCluster } from './relayed-cluster.ts'

/** Returns the cluster to show: that of an API server, or else a fake one; behind a relay if wanted. */
export function chooseCluster({ server, relayed }: { server: string | undefined; relayed: boolean }): Cluster {
  const cluster = server ? new RealCluster(server) : new FakeCluster()
  return relayed ? new RelayedCluster(cluster) : cluster
}

/** Returns the Vite configuration of the playground, in front of a cluster. */
export function playgroundConfig(cluster: Cluster, { port }: { port: number }): InlineConfig {
  return {
    root: fileURLToPath(new URL('..', import.meta.url)),
    resolve: { alias: sourceAlias },
    plugins: [clusterPlugin(cluster)],
    // Bundled in advance, because a dependency that Vite discovers late reloads the page.
    optimizeDeps: { include: ['@tanstack/virtual-core', '@xterm/addon-fit', '@xterm/xterm', 'idb-keyval', 'ky', 'valibot'] },
    // No other origin may read from this server, because a real cluster may be behind it.
    server: { host: '127.0.0.1', port, strictPort: true, cors: false, allowedHosts: [] },
    preview: { host: '127.0.0.1', port, strictPort: true, cors: false, allowedHosts: [] },
  }
}
