// The informer of @kubernetes/client-node.
import { CoreV1Api, KubeConfig, makeInformer, type V1Pod } from '@kubernetes/client-node'
import { report } from '../subjects/report'
import { listThenWatch, signal } from '../subjects/tools'

await report((task) =>
  listThenWatch(task, async ({ first }) => {
    const config = new KubeConfig()
    config.loadFromClusterAndUser({ name: 'load', server: task.url, skipTLSVerify: true }, { name: 'nobody' })
    const api = config.makeApiClient(CoreV1Api)
    const informer = makeInformer<V1Pod>(config, task.path, () => api.listPodForAllNamespaces())
    const last = signal()
    let updates = 0
    informer.on('add', first)
    informer.on('update', () => {
      if (++updates === task.events) last.resolve()
    })
    informer.on('error', (error) => {
      throw error
    })
    return { listed: informer.start(), watched: last.promise, kept: () => informer.list().length }
  }),
)
