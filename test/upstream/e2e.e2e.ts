import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Resource } from '../../src/api/resource'
import { ConfigMap, Pod, PodTemplate, Secret } from '../../src/resources/core/v1'
import { type Cluster, startCluster } from '../cluster/cluster.ts'
import { startClusterRelay } from '../cluster/relay.ts'
import { buildE2e, runE2e, type Spec } from './e2e.ts'

describe('specs of Kubernetes about lists and watches', () => {
  let cluster: Cluster
  let direct: readonly Spec[]

  beforeAll(async () => {
    await buildE2e()
    cluster = await startCluster({
      controllers: ['serviceaccount-controller', 'root-ca-certificate-publisher-controller'],
      // One spec waits for a compaction.
      apiServerFlags: ['--etcd-compaction-interval=20s'],
    })
    direct = await runE2e(kubeconfigOf(cluster, cluster.serverUrl, cluster.certificateAuthority))
  })
  afterAll(() => cluster?.stop())

  test('all specs that pass against the control plane pass through a relay', async () => {
    const resources = [Pod, ConfigMap, Secret, PodTemplate] as readonly Resource[]
    await using front = await startClusterRelay(cluster, { resources })
    const relayed = await runE2e(kubeconfigOf(cluster, front.url, front.certificateAuthority))
    const served = front.events.filter(({ type }) => type === 'served').length
    console.error(`${passed(direct).length} of ${direct.length} specs pass directly, ${passed(relayed).length} through the relay`)
    console.error(`the relay answered ${served} reads from memory`)
    for (const { name, failure } of [...direct, ...relayed]) if (failure) console.error(`${name}: ${failure.slice(0, 500)}`)
    expect(direct.length).toBeGreaterThan(0)
    expect(passed(relayed)).toEqual(passed(direct))
    expect(served).toBeGreaterThan(0)
  })
})

const passed = (specs: readonly Spec[]): string[] =>
  specs
    .filter(({ outcome }) => outcome === 'passed')
    .map(({ name }) => name)
    .sort()

/** Writes a kubeconfig of the cluster admin, with the certificate in it: the suite does not resolve relative paths. Returns its path. */
function kubeconfigOf({ kubeconfig, adminToken }: Cluster, server: string, certificateAuthority: string): string {
  const named = (kind: string, value: object) => [{ name: 'e2e', [kind]: value }]
  const path = `${kubeconfig}-${new URL(server).port}`
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: named('cluster', { server, 'certificate-authority-data': Buffer.from(certificateAuthority).toString('base64') }),
    users: named('user', { token: adminToken }),
    contexts: named('context', { cluster: 'e2e', user: 'e2e' }),
    'current-context': 'e2e',
  }
  writeFileSync(path, JSON.stringify(config))
  return path
}
