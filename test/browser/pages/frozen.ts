// An informer in a page that a test freezes, and a stream that is read beside it without the library.
import { createInformer, inWorker, KubeClient } from 'kubeflect'
import { ConfigMap } from 'kubeflect/resources/core/v1'

const states: string[] = []
const reports: string[] = []

const informer = createInformer(new KubeClient({ baseUrl: '/k8s' }), ConfigMap, {
  ...(location.search === '?worker' && { worker: inWorker() }),
  onError: (error) => reports.push(String(error)),
})
informer.subscribe(({ state }) => states.at(-1) !== state && states.push(state))

/** What became of a watch that the page reads by itself. */
const plain = { chunks: 0, ended: '' }
async function readPlainly(): Promise<void> {
  const { body } = await fetch('/k8s/api/v1/configmaps?watch=true&resourceVersion=0')
  const reader = body?.getReader()
  for (;;) {
    const result = await reader?.read()
    if (!result || result.done) break
    plain.chunks++
  }
}
void readPlainly().then(
  () => {
    plain.ended = 'done'
  },
  (error) => {
    plain.ended = String(error)
  },
)

const page = {
  /** What there is to know. */
  state() {
    const objects = informer.indexer.list().map(({ key, resourceVersion }) => `${key} ${resourceVersion}`)
    return { state: informer.status.state, objects: objects.sort(), states, reports, plain }
  },
}

/** What the page offers its test. */
export type FrozenPage = typeof page

Object.assign(globalThis, { page })
