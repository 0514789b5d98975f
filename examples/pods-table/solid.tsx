/** @jsxImportSource solid-js */
import { field, KubeClient } from 'kubeflect'
import { createLive } from 'kubeflect/live'
import { Pod } from 'kubeflect/resources/core/v1'
import { KubeContext, useList } from 'kubeflect/solid'
import { createSignal, For } from 'solid-js'

const live = createLive(new KubeClient({ baseUrl: '/k8s' }))
const columns = ['metadata.name', 'metadata.namespace', 'status.phase', 'spec.nodeName', 'status.startTime']

export function Pods() {
  const [text, setText] = createSignal('')
  const [path, sortBy] = createSignal('metadata.name')
  const view = () => ({ filter: { search: { text: text() } }, sort: { by: field(path()) }, window: { limit: 50 } })
  const pods = useList(Pod, () => ({ view: view() }))
  return (
    <main aria-busy={pods().isStale}>
      <input type="search" value={text()} onInput={(event) => setText(event.target.value)} />
      <p role="status">{pods().error ? `${pods().state}: ${pods().error}` : `${pods().total} pods, ${pods().state}`}</p>
      <table>
        <thead><tr><For each={columns}>{(each) => <th onClick={() => sortBy(each)}>{each}</th>}</For></tr></thead>
        <tbody><For each={pods().rows}>{(pod) => <tr><For each={columns}>{(each) => <td>{field(each)(pod)}</td>}</For></tr>}</For></tbody>
      </table>
    </main>
  )
}
export const App = () => <KubeContext.Provider value={live}><Pods /></KubeContext.Provider>
