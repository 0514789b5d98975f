import { createInformer, KubeClient } from 'kubeflect'
import { loadKubeconfig } from 'kubeflect/kubeconfig'
import { ConfigMap } from 'kubeflect/resources/core/v1'
import { equal, type RuntimeCase, withStorage } from './stage.ts'

// What the package must do on a real API server, over TLS, wherever there is a runtime that lets a program say whom it trusts.

const namespace = 'default'

/** Every case for these users of a cluster, in a runtime with these storages. */
export function clusterCasesOf(users: readonly string[], storages: readonly string[]): readonly RuntimeCase[] {
  return users.flatMap((user) => storages.map((storage) => resumes(user, storage)))
}

function resumes(user: string, storage: string): RuntimeCase {
  return {
    title: `with ${user}, ${storage}: follows what changes, and a second life goes on from what was stored without a list`,
    run: (stage) =>
      withStorage(stage, storage, async ({ open }) => {
        await using connection = await loadKubeconfig({ path: stage.kubeconfigs[user] })
        const feeds: string[] = []
        const client = new KubeClient({
          ...connection,
          fetch(request) {
            const { searchParams } = new URL(request.url)
            // One object is asked for to confirm the server's history.
            if (request.method === 'GET' && !searchParams.has('limit'))
              feeds.push(searchParams.has('sendInitialEvents') ? 'stream' : searchParams.has('watch') ? 'watch' : 'list')
            return connection.fetch(request)
          },
        })
        const label = crypto.randomUUID()
        const create = async (name: string) => {
          const metadata = { name: `${label}-${name}`, namespace, labels: { case: label } }
          const created = await client.create(ConfigMap, { metadata, data: { text: 'größer'.repeat(20_000) } })
          return created.metadata.resourceVersion ?? ''
        }
        const live = () =>
          createInformer(client, ConfigMap, { namespace, labelSelector: `case=${label}`, persist: { to: open(), user, cluster: 'c1' } })
        {
          await using first = live()
          await first.whenSynced()
          await first.waitForResourceVersion(await create('a'))
        }
        await create('b')
        await client.delete(ConfigMap, `${label}-a`, { namespace })
        {
          await using second = live()
          equal(await second.whenSynced(), { source: 'persisted' })
          await second.waitForResourceVersion(await create('c'))
          equal(
            second.store.list().map(({ key }) => key),
            [`${namespace}/${label}-b`, `${namespace}/${label}-c`],
          )
        }
        equal(feeds, ['stream', 'watch'])
      }),
  }
}
