// Lists two pods, then sees a third one arrive.
import { createInformer, KubeClient } from 'kubeflect'
import { Pod } from 'kubeflect/resources/core/v1'
import { FakeApiServer, podFixture } from 'kubeflect/testing'
import type { Example } from './example'

export const run: Example = async (print) => {
  const server = new FakeApiServer()
  server.create(Pod, podFixture(1))
  server.create(Pod, podFixture(2))

  const client = new KubeClient({ baseUrl: 'http://kubernetes.test', fetch: server.fetch })
  await using pods = createInformer(client, Pod)
  await pods.whenSynced()
  print(`${pods.objects().length} pods at version ${pods.lastSyncResourceVersion}`)

  const arrived = new Promise<string>((resolve) => {
    pods.addEventHandler({ onAdd: (pod, { isInInitialList }) => isInInitialList || resolve(pod.metadata.name ?? '') })
  })
  server.create(Pod, podFixture(3))
  print(`${await arrived} arrived, at version ${pods.lastSyncResourceVersion}`)
}
