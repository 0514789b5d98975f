import { expect, test } from 'vitest'
import { KubeClient } from '../../src/http/client'
import { createInformer, type InformerOptions } from '../../src/informer/create-informer'
import { eachAllowed } from '../../src/informer/namespaces/each-allowed'
import type { SharedInformer } from '../../src/informer/shared-informer'
import { type Clock, systemClock } from '../../src/internal/clock'
import { ConfigMap } from '../../src/resources/core/v1'
import { until } from './component.ts'
import { describeCluster } from './suite.ts'

const labelSelector = 'test=namespaces'

/** A clock that shortens waits of a minute or more to a second, so that a denied request is soon repeated. */
const shortWaitClock: Clock = { ...systemClock, setTimeout: (callback, ms) => systemClock.setTimeout(callback, ms < 60_000 ? ms : 1_000) }

describeCluster('a user of a real cluster with permissions in some namespaces only', (cluster) => {
  const kubectl = (...args: readonly string[]) => cluster().kubectl(args)
  const put = async (namespace: string, name: string) => {
    const labels = { test: 'namespaces' }
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, labels } })
    const created = await cluster().kubectl(['create', '-f', '-', '-o', 'jsonpath={.metadata.resourceVersion}'], { input })
    return created.trim()
  }
  const allow = async (user: string, namespace: string) => {
    await kubectl('-n', namespace, 'create', 'role', 'reader', '--verb=list,watch', '--resource=configmaps')
    await kubectl('-n', namespace, 'create', 'rolebinding', 'reader', '--role=reader', `--user=${user}`)
  }
  const allowEverywhere = async (user: string, resource: string) => {
    await kubectl('create', 'clusterrole', `${user}-${resource}`, '--verb=list,watch', `--resource=${resource}`)
    await kubectl('create', 'clusterrolebinding', `${user}-${resource}`, `--clusterrole=${user}-${resource}`, `--user=${user}`)
  }
  const inform = (user: string, options: InformerOptions<ConfigMap>) =>
    createInformer(new KubeClient({ baseUrl: cluster().proxyUrl, impersonate: { user } }), ConfigMap, {
      labelSelector,
      clock: shortWaitClock,
      ...options,
    })
  const untilKeys = async (informer: SharedInformer<ConfigMap>, ...keys: readonly string[]) =>
    until(`${keys}`, async () => informer.store.keys().sort().join() === keys.join() || undefined)
  const stateOf = (informer: SharedInformer<ConfigMap>, namespace: string) => informer.status.namespaces?.get(namespace)?.state

  test('an informer follows the named and allowed namespaces, each from its own version, until the user may read all of them', async () => {
    for (const namespace of ['team-a', 'team-b', 'team-c']) {
      await kubectl('create', 'namespace', namespace)
      await put(namespace, 'settings')
    }
    for (const namespace of ['team-a', 'team-b']) await allow('ann', namespace)
    await using informer = inform('ann', { namespaces: eachAllowed(['team-a', 'team-b', 'team-c']) })
    await informer.whenSynced()
    await untilKeys(informer, 'team-a/settings', 'team-b/settings')
    expect(informer.status).toMatchObject({ state: 'live', error: undefined })
    expect(stateOf(informer, 'team-c')).toBe('denied')

    const version = await put('team-a', 'news')
    await informer.waitForResourceVersion(version, { namespace: 'team-a' })
    expect(informer.lister.get('team-a/news')).toBeDefined()
    expect(informer.status.namespaces?.get('team-a')?.lastSyncResourceVersion).toBe(version)
    expect(informer.status.namespaces?.get('team-b')?.lastSyncResourceVersion).not.toBe(version)

    await allow('ann', 'team-c')
    await untilKeys(informer, 'team-a/news', 'team-a/settings', 'team-b/settings', 'team-c/settings')
    await put('default', 'settings')
    const settings = informer.lister.get('team-a/settings')
    await allowEverywhere('ann', 'configmaps')
    await untilKeys(informer, 'default/settings', 'team-a/news', 'team-a/settings', 'team-b/settings', 'team-c/settings')
    await until('one feed', async () => informer.status.namespaces === undefined || undefined)
    expect(informer.lister.get('team-a/settings')).toBe(settings)
  })

  test('an informer follows the namespaces of a list as they are created and deleted', async () => {
    await allowEverywhere('bob', 'namespaces')
    await kubectl('create', 'namespace', 'crew-a')
    await allow('bob', 'crew-a')
    await put('crew-a', 'settings')
    await using informer = inform('bob', { namespaces: eachAllowed() })
    await informer.whenSynced()
    await untilKeys(informer, 'crew-a/settings')
    expect(stateOf(informer, 'kube-system')).toBe('denied')
    await kubectl('create', 'namespace', 'crew-b')
    await allow('bob', 'crew-b')
    await put('crew-b', 'settings')
    await untilKeys(informer, 'crew-a/settings', 'crew-b/settings')
    await kubectl('delete', 'namespace', 'crew-a')
    await untilKeys(informer, 'crew-b/settings')
    expect(informer.status.namespaces?.has('crew-a')).toBe(false)
    expect(informer.state).toBe('live')
  })
})
