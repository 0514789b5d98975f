// Defines test suites that need a real cluster.

import { afterAll, beforeAll, describe } from 'vitest'
import { whyNoCluster } from './build.ts'
import { type Cluster, type ClusterOptions, startCluster } from './cluster.ts'

/**
 * Defines a suite of tests against a new real cluster. Where none can run, each test is reported as skipped, and
 * the name of the suite has the reason.
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
