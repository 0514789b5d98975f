// Shows three of a thousand pods, and moves the window.
import { createInformer, createView, KubeClient } from 'kubeflect'
import { Pod } from 'kubeflect/resources/core/v1'
import { FakeApiServer, podFixture } from 'kubeflect/testing'
import type { Example } from './example'

export const run: Example = async (print) => {
  const server = new FakeApiServer()
  for (let i = 0; i < 1000; i++) server.create(Pod, podFixture(i))
  const client = new KubeClient({ baseUrl: 'http://kubernetes.test', fetch: server.fetch })
  await using pods = createInformer(client, Pod)
  await pods.whenSynced()

  const view = createView(pods, { sort: { by: (pod) => pod.name }, window: { offset: 500, limit: 3 } })
  // A view fills in slices of a few milliseconds, so that a page stays responsive.
  await new Promise<void>((resolve) => {
    const look = () => view.snapshot.total === 1000 && resolve()
    view.subscribe(look)
    look()
  })
  const show = () => print(`${view.snapshot.rows.map(({ name }) => name).join(', ')} of ${view.snapshot.total}`)
  show()
  view.update({ window: { offset: 0, limit: 3 } })
  show()
  view.close()
}
