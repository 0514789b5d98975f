import { afterAll, beforeAll, describe } from 'vitest'
import { whyNoCluster } from './build.ts'
import { type Cluster, type ClusterOptions, startCluster } from './cluster.ts'

/**
 * A suite of tests against one real cluster, fresh for the suite. Where there can be none, each test is reported as skipped, and
 * the suite's name says why.
 */
export function describeCluster(name: string, tests: (cluster: () => Cluster) => void, options?: ClusterOptions): void {
  const reason = whyNoCluster()
  describe.skipIf(reason)(reason ? `${name} (skipped: ${reason})` : name, () => {
    let cluster: Cluster | undefined
    beforeAll(async () => {
      cluster = await startCluster(options)
    }, 900_000)
    afterAll(() => cluster?.stop())
    tests(() => {
      if (!cluster) throw new Error('the cluster runs while tests do: ask for it inside of one')
      return cluster
    })
  })
}
