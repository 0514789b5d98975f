// Closes a page and opens it again: the second one starts with the stored pods.
import { createInformer, KubeClient, memoryPersister } from 'kubeflect'
import { Pod } from 'kubeflect/resources/core/v1'
import { FakeApiServer, podFixture } from 'kubeflect/testing'
import type { Example } from './example'

export const run: Example = async (print) => {
  const server = new FakeApiServer()
  for (let i = 1; i <= 100; i++) server.create(Pod, podFixture(i))
  const client = new KubeClient({ baseUrl: 'http://kubernetes.test', fetch: server.fetch })
  const persist = { to: memoryPersister(), user: 'alice' }

  for (const visit of ['first visit', 'second visit']) {
    await using pods = createInformer(client, Pod, { persist })
    const { source } = await pods.whenSynced()
    print(`${visit}: ${pods.objects().length} pods, from ${source === 'persisted' ? 'storage' : 'the server'}`)
  }
}
