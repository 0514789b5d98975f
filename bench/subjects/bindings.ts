// The subjects that show a live table in React: kubeflect's hook, and Headlamp's way of applying events.

import { QueryClient, QueryObserver } from '@tanstack/query-core'
import { type Entry, field, KubeClient, type KubeObject } from 'kubeflect'
import { createLive } from 'kubeflect/live'
import { KubeContext, useList } from 'kubeflect/react'
import { Pod } from 'kubeflect/resources/core/v1'
import { createElement as h, memo, type ReactNode, useEffect, useMemo, useState, useSyncExternalStore } from 'react'
import { createRoot } from 'react-dom/client'
import { lineReader } from './lines'
import type { Subject } from './task'
import { listThenWatch, signal } from './tools'

const ROWS = 50

/** What both tables render of a pod. */
type Cells = readonly (string | undefined)[]

const TableRow = memo(({ cells }: { cells: Cells }) =>
  h(
    'tr',
    {},
    cells.map((cell, at) => h('td', { key: at }, cell)),
  ),
)

const table = (rows: readonly ReactNode[]) => h('table', {}, h('tbody', {}, rows))

/** Renders into the page, and calls back when as many rows are there as a table shows. */
function mount(page: ReactNode, onRows: () => void): void {
  const container = document.body.appendChild(document.createElement('div'))
  new MutationObserver(() => container.querySelectorAll('tr').length === ROWS && onRows()).observe(container, {
    subtree: true,
    childList: true,
  })
  createRoot(container).render(page)
}

const NAMES = ['metadata.name', 'metadata.namespace', 'status.phase', 'spec.nodeName', 'status.startTime'].map((path) =>
  field<string>(path),
)
const Row = memo(({ pod }: { pod: Entry<Pod> }) => h(TableRow, { cells: NAMES.map((read) => read(pod)) }))

/** `useList`, sorted by start time, with a window of 50 rows. */
export const kubeflect: Subject = (task) =>
  listThenWatch(task, async ({ first }) => {
    const live = createLive(new KubeClient({ baseUrl: task.url }))
    const source = live.source(Pod)
    const view = { sort: { by: field('status.startTime'), descending: true }, window: { limit: ROWS } }
    const Table = () => table(useList(Pod, { view }).rows.map((pod) => h(Row, { key: pod.key, pod })))
    mount(h(KubeContext.Provider, { value: live }, h(Table)), first)
    const last = signal()
    source.subscribe(({ resourceVersion }) => resourceVersion === task.lastVersion && last.resolve())
    await live.list(Pod).whenReady()
    return { listed: Promise.resolve(), watched: last.promise, kept: () => source.list().length }
  })

/** A class around each object, as in Headlamp, which react-query leaves alone. */
class KubeObjectOf {
  readonly jsonData: KubeObject & Pod
  constructor(json: Pod) {
    this.jsonData = json as KubeObject & Pod
  }
}

interface List {
  readonly items: readonly KubeObjectOf[]
  readonly metadata: { readonly resourceVersion: string }
}

/** `KubeList.applyUpdate` of Headlamp. */
function applyUpdate(list: List, { type, object }: { readonly type: string; readonly object: Pod }): List {
  const items = [...list.items]
  const index = items.findIndex(({ jsonData }) => jsonData.metadata.uid === object.metadata.uid)
  if (type === 'ADDED' || type === 'MODIFIED') {
    if (index < 0) items.push(new KubeObjectOf(object))
    else items[index] = new KubeObjectOf(object)
  } else if (type === 'DELETED' && index >= 0) items.splice(index, 1)
  return { items, metadata: { resourceVersion: object.metadata.resourceVersion ?? '' } }
}

/** Headlamp's tables take a new list once a second. */
const THROTTLE_MS = 1_000

function useThrottled<V>(value: V): V {
  const [shown, show] = useState(value)
  const clock = useMemo(() => ({ last: 0 }), [])
  useEffect(() => {
    const wait = Math.max(0, THROTTLE_MS - (performance.now() - clock.last))
    const timer = setTimeout(() => {
      clock.last = performance.now()
      show(value)
    }, wait)
    return () => clearTimeout(timer)
  }, [value, clock])
  return shown
}

/** Headlamp's way: react-query has the list, each event copies it, and a table sorts all of it once a second. */
export const headlamp: Subject = (task) =>
  listThenWatch(task, async ({ first }) => {
    const queries = new QueryClient()
    const queryKey = ['pods']
    const stop = new AbortController()
    const last = signal()
    const queryFn = async (): Promise<List> => {
      const { items, metadata } = await (await fetch(`${task.url}${task.path}`)).json()
      return { items: items.map((item: Pod) => new KubeObjectOf(item)), metadata }
    }
    const observer = new QueryObserver<List>(queries, { queryKey, queryFn, staleTime: Number.POSITIVE_INFINITY })
    const subscribe = (listener: () => void) => observer.subscribe(listener)
    const startOf = ({ jsonData }: KubeObjectOf) => jsonData.status?.startTime ?? ''
    const Table = () => {
      const { data } = useSyncExternalStore(subscribe, () => observer.getCurrentResult())
      const items = useThrottled(data?.items)
      const sorted = useMemo(
        () => [...(items ?? [])].sort((a, b) => (startOf(a) < startOf(b) ? 1 : startOf(a) > startOf(b) ? -1 : 0)),
        [items],
      )
      return table(
        sorted.slice(0, ROWS).map(({ jsonData: { metadata, status, spec } }) => {
          const cells = [metadata.name, metadata.namespace, status?.phase, spec?.nodeName, status?.startTime]
          return h(TableRow, { key: metadata.uid, cells })
        }),
      )
    }
    const listed = signal()
    mount(h(Table), () => {
      first()
      listed.resolve()
    })
    const follow = async () => {
      const { body } = await fetch(`${task.url}${task.path}?watch=true`, { signal: stop.signal })
      const reader = body?.getReader()
      const linesOf = lineReader()
      for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) {
        for (const line of linesOf(next.value)) {
          const event = JSON.parse(line)
          queries.setQueryData<List>(queryKey, (list) => list && applyUpdate(list, event))
          if (event.object.metadata.resourceVersion === task.lastVersion) last.resolve()
        }
      }
    }
    await listed.promise
    void follow()
    return { listed: Promise.resolve(), watched: last.promise, kept: () => queries.getQueryData<List>(queryKey)?.items.length ?? 0 }
  })
