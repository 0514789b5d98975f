import { type Entry, field, KubeClient } from 'kubeflect'
import { createLive } from 'kubeflect/live'
import { KubeContext, useList } from 'kubeflect/react'
import { Pod } from 'kubeflect/resources/core/v1'
import { memo, useState } from 'react'

const live = createLive(new KubeClient({ baseUrl: '/k8s' }))
const columns = ['metadata.name', 'metadata.namespace', 'status.phase', 'spec.nodeName', 'status.startTime']
const Row = memo(({ pod }: { pod: Entry<Pod> }) => <tr>{columns.map((path) => <td key={path}>{field(path)(pod)}</td>)}</tr>)

export function Pods() {
  const [text, setText] = useState('')
  const [path, sortBy] = useState('metadata.name')
  const view = { filter: { search: { text } }, sort: { by: field(path) }, window: { limit: 50 } }
  const { rows, total, state, isStale, error } = useList(Pod, { view })
  return (
    <main aria-busy={isStale}>
      <input type="search" value={text} onChange={(event) => setText(event.target.value)} />
      <p role="status">{error ? `${state}: ${error}` : `${total} pods, ${state}`}</p>
      <table>
        <thead><tr>{columns.map((each) => <th key={each} onClick={() => sortBy(each)}>{each}</th>)}</tr></thead>
        <tbody>{rows.map((pod) => <Row key={pod.key} pod={pod} />)}</tbody>
      </table>
    </main>
  )
}
export const App = () => <KubeContext value={live}><Pods /></KubeContext>
