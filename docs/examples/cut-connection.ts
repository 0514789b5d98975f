// Cuts the connection: the watch resumes from its version, and nothing is listed again.
import { createInformer, KubeClient } from 'kubeflect'
import { Pod } from 'kubeflect/resources/core/v1'
import { FakeApiServer, podFixture } from 'kubeflect/testing'
import type { Example } from './example'

export const run: Example = async (print) => {
  const server = new FakeApiServer()
  server.create(Pod, podFixture(1))
  const client = new KubeClient({ baseUrl: 'http://kubernetes.test', fetch: server.fetch })

  let relists = 0
  await using pods = createInformer(client, Pod, {
    backoff: { initialMs: 50 },
    onEvent: (event) => {
      if (event.type === 'relist') relists++
    },
  })
  const unsubscribe = pods.subscribe(({ state }) => print(state))
  await pods.whenSynced()

  server.disconnect()
  const { resourceVersion = '' } = server.create(Pod, podFixture(2)).metadata
  await pods.waitForResourceVersion(resourceVersion)
  unsubscribe()
  print(`${pods.objects().length} pods, read again from the start ${relists} times`)
}
