// Components whose paints are recorded, one for each case; `#name` of the address says which.
import { field, KubeClient } from 'kubeflect'
import { createLive } from 'kubeflect/live'
import { KubeContext, useAccess, useList, useObject, useRelated, useSuspenseList } from 'kubeflect/react'
import { Pod } from 'kubeflect/resources/core/v1'
import * as React from 'react'
import { createRoot } from 'react-dom/client'

const { Component, memo, StrictMode, Suspense, useLayoutEffect, useState } = React

const live = createLive(new KubeClient({ baseUrl: '/k8s' }), {
  lingerMs: Number(new URLSearchParams(location.search).get('linger') ?? 30_000),
})

/** The state of each commit, as the next paint shows it. */
const paints: string[] = []
const counts = { renders: 0, rowRenders: 0, wrongRows: 0, commits: 0, frames: 0, longestTask: 0 }
const versions = new Map<string, string>()

const Row = memo(({ name, version }: { name: string; version: string }) => {
  counts.rowRenders++
  if (versions.get(name) === version) counts.wrongRows++
  versions.set(name, version)
  return (
    <tr data-name={name}>
      <td>{name}</td>
      <td>{version}</td>
    </tr>
  )
})

function Table({ limit = 50, label = '' }) {
  counts.renders++
  const { rows, total, state } = useList(Pod, { view: { sort: { by: field('metadata.name') }, window: { limit } } })
  useLayoutEffect(() => {
    counts.commits++
    paints.push(`${label}${state} ${rows.length}/${total}`)
  })
  return (
    <table>
      <tbody>
        {rows.map((pod) => (
          <Row key={pod.key} name={pod.name} version={pod.resourceVersion} />
        ))}
      </tbody>
    </table>
  )
}

function Toggled({ children, hidden }: { children: React.ReactNode; hidden: (isShown: boolean) => React.ReactNode }) {
  const [isShown, show] = useState(true)
  Object.assign(globalThis, { show })
  return isShown ? children : hidden(isShown)
}

function Active() {
  const [mode, setMode] = useState<'visible' | 'hidden'>('visible')
  Object.assign(globalThis, { setMode })
  return (
    <React.Activity mode={mode}>
      <Table />
    </React.Activity>
  )
}

class Boundary extends Component<{ children: React.ReactNode }> {
  override state: { error?: unknown } = {}
  static getDerivedStateFromError = (error: unknown) => ({ error })
  override render() {
    return this.state.error ? <p role="alert">{String(this.state.error)}</p> : this.props.children
  }
}

function Suspended() {
  const { rows, total, isStale, state } = useSuspenseList(Pod, { view: { window: { limit: 50 } } })
  useLayoutEffect(() => void paints.push(`${rows.length}/${total}${isStale ? ' stale' : ''}`))
  return <p role="status">{`${total} ${state}`}</p>
}

function Fallback() {
  useLayoutEffect(() => void paints.push('fallback'))
  return <p>loading</p>
}

function Search() {
  const [text, setText] = useState('')
  const { rows, isPending } = useList(Pod, { view: { filter: { search: { text } }, window: { limit: 50 } } })
  useLayoutEffect(() => {
    // The last commit before a frame is what it paints.
    const frame = requestAnimationFrame(() => {
      const wrong = rows.filter(({ key }) => !key.includes(text)).length
      paints.push(`${text} ${rows.length} ${wrong > 0 && !isPending ? 'wrong' : 'right'}`)
    })
    return () => cancelAnimationFrame(frame)
  })
  return <input type="search" value={text} onChange={(event) => setText(event.target.value)} />
}

function One({ name }: { name: string | undefined }) {
  const { entry, isMissing } = useObject(Pod, name ? { name, namespace: 'default' } : undefined)
  useLayoutEffect(() => void paints.push(isMissing ? 'missing' : (entry?.uid ?? '-')))
  return <p>{entry?.resourceVersion}</p>
}

function Related() {
  const { rows } = useRelated({ uid: 'owner-1', namespace: 'default' }, Pod)
  const isAllowed = useAccess('delete', Pod, { namespace: 'default' })
  return <p role="status">{`${rows.map(({ name }) => name).join(' ')} ${isAllowed}`}</p>
}

const informers = live.list(Pod)
function Inline() {
  const [count, setCount] = useState(0)
  Object.assign(globalThis, { setCount })
  const { rows } = useList(Pod, { view: { sort: { by: (pod) => pod.name } } })
  return <p>{`${count} ${rows.length} ${informers.snapshot.total}`}</p>
}

const cases: Readonly<Record<string, React.ReactNode>> = {
  table: <Table />,
  two: [<Table key="a" label="a " />, <Table key="b" label="b " limit={3} />],
  toggle: (
    <Toggled hidden={() => <p>hidden</p>}>
      <Table />
    </Toggled>
  ),
  activity: <Active />,
  suspense: (
    <Boundary>
      <Suspense fallback={<Fallback />}>
        <Suspended />
      </Suspense>
    </Boundary>
  ),
  search: <Search />,
  object: <One name="one" />,
  objectInList: [<One key="one" name="one" />, <Table key="table" />],
  noObject: <One name={undefined} />,
  related: <Related />,
  inline: <Inline />,
}

const countFrames = () => {
  counts.frames++
  requestAnimationFrame(countFrames)
}
requestAnimationFrame(countFrames)
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) counts.longestTask = Math.max(counts.longestTask, duration)
}).observe({ type: 'longtask' })

const root = createRoot(document.querySelector('#app') as Element)
const provided = React.createElement(KubeContext.Provider, { value: live }, cases[location.hash.slice(1)])
root.render(location.search.includes('loose') ? provided : <StrictMode>{provided}</StrictMode>)
Object.assign(globalThis, { unmount: () => root.unmount(), counts, paints })
