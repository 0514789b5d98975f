// A table of any number of pods: TanStack Table for the columns, TanStack Virtual for the scrolling, and a view's window for the rows between.

import { createColumnHelper, tableFeatures, useTable } from '@tanstack/react-table'
import { useVirtualizer } from '@tanstack/react-virtual'
import { type Entry, field, KubeClient } from 'kubeflect'
import { createLive } from 'kubeflect/live'
import { KubeContext, useList } from 'kubeflect/react'
import { Pod } from 'kubeflect/resources/core/v1'
import { useEffect, useRef, useState } from 'react'

const live = createLive(new KubeClient({ baseUrl: '/k8s' }))
const ROW_HEIGHT = 28
/** Rows to fetch beyond those that are visible; the window moves in steps of as many. */
const STEP = 20

// The view sorts and filters, so the table needs no features of its own. The id of a column is the path of its field.
const features = tableFeatures({})
const helper = createColumnHelper<typeof features, Entry<Pod>>()
const columns = helper.columns([
  helper.accessor((pod) => pod.name, { id: 'metadata.name', header: 'Name' }),
  helper.accessor((pod) => pod.namespace, { id: 'metadata.namespace', header: 'Namespace' }),
  helper.accessor(field<string>('status.phase'), { id: 'status.phase', header: 'Phase' }),
  helper.accessor(field<string>('spec.nodeName'), { id: 'spec.nodeName', header: 'Node' }),
  helper.accessor(field<string>('status.startTime'), { id: 'status.startTime', header: 'Started' }),
])

function PodsTable() {
  const scroller = useRef<HTMLDivElement>(null)
  const [text, setText] = useState('')
  const [sort, setSort] = useState({ path: 'metadata.name', descending: false })
  const [window, setWindow] = useState({ offset: 0, limit: 3 * STEP })
  const { rows, offset, total, state, isStale, error } = useList(Pod, {
    view: { filter: { search: { text } }, sort: { by: field(sort.path), descending: sort.descending }, window },
  })
  const table = useTable({ features, columns, data: rows as Entry<Pod>[], getRowId: (pod) => pod.key })
  const virtualizer = useVirtualizer({
    count: total,
    estimateSize: () => ROW_HEIGHT,
    getScrollElement: () => scroller.current,
    overscan: STEP,
  })

  // The visible range becomes the window of the view, in steps, so that a small scroll renders nothing.
  const items = virtualizer.getVirtualItems()
  const first = Math.floor((items[0]?.index ?? 0) / STEP) * STEP
  const last = Math.ceil(((items.at(-1)?.index ?? 0) + 1) / STEP) * STEP
  useEffect(() => setWindow({ offset: first, limit: Math.max(last - first, 3 * STEP) }), [first, last])

  return (
    <section aria-busy={isStale}>
      <input type="search" aria-label="Search" value={text} onChange={(event) => setText(event.target.value)} />
      <output>{error ? `${state}: ${error}` : `${total} pods, ${state}`}</output>
      <div ref={scroller} style={{ height: 600, overflow: 'auto' }}>
        <table aria-rowcount={total + 1} style={{ width: '100%', borderSpacing: 0, textAlign: 'left' }}>
          <thead style={{ position: 'sticky', top: 0, background: 'white' }}>
            {table.getHeaderGroups().map(({ id, headers }) => (
              <tr key={id}>
                {headers.map((header) => (
                  <th key={header.id} aria-sort={header.id !== sort.path ? 'none' : sort.descending ? 'descending' : 'ascending'}>
                    <button
                      type="button"
                      onClick={() => setSort({ path: header.id, descending: header.id === sort.path && !sort.descending })}
                    >
                      <table.FlexRender header={header} />
                    </button>
                  </th>
                ))}
              </tr>
            ))}
          </thead>
          <tbody>
            <tr aria-hidden style={{ height: offset * ROW_HEIGHT }} />
            {table.getRowModel().rows.map((row) => (
              <tr key={row.id} aria-rowindex={offset + row.index + 2} style={{ height: ROW_HEIGHT }}>
                {row.getAllCells().map((cell) => (
                  <td key={cell.id}>
                    <table.FlexRender cell={cell} />
                  </td>
                ))}
              </tr>
            ))}
            <tr aria-hidden style={{ height: (total - offset - rows.length) * ROW_HEIGHT }} />
          </tbody>
        </table>
      </div>
    </section>
  )
}

export const App = () => (
  <KubeContext value={live}>
    <PodsTable />
  </KubeContext>
)
