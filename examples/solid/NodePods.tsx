/** @jsxImportSource solid-js */
import { field, KubeClient } from 'kubeflect'
import { createLive } from 'kubeflect/live'
import { Node, Pod } from 'kubeflect/resources/core/v1'
import { KubeContext, useList, useObject } from 'kubeflect/solid'
import { createSignal, For } from 'solid-js'

const live = createLive(new KubeClient({ baseUrl: '/k8s' }))

function NodePods() {
  const [chosen, choose] = createSignal('')
  const nodes = useList(Node, () => ({ view: { sort: { by: field('metadata.name') } } }))
  const node = useObject(Node, () => (chosen() ? { name: chosen() } : undefined))
  const pods = useList(Pod, () => ({ fieldSelector: `spec.nodeName=${chosen()}`, view: { sort: { by: field('metadata.name') } } }))
  return (
    <>
      <nav>
        <For each={nodes().rows}>
          {(each) => (
            <button type="button" aria-pressed={each.name === chosen()} onClick={() => choose(each.name)}>
              {each.name}
            </button>
          )}
        </For>
      </nav>
      <h1>{chosen() || 'Not on a node'}</h1>
      <p role="status">{node().isMissing ? 'deleted' : node().entry?.object.status?.nodeInfo?.kubeletVersion}</p>
      <ul aria-busy={!pods().isReady || pods().isStale}>
        <For each={pods().rows}>{(pod) => <li>{pod.name}</li>}</For>
      </ul>
    </>
  )
}

export const App = () => (
  <KubeContext.Provider value={live}>
    <NodePods />
  </KubeContext.Provider>
)
