// The entry kubeflect/react: hooks for React 18.3 and 19, over `useSyncExternalStore`.
'use client'

import { type Context, createContext, useContext, useEffect, useLayoutEffect, useMemo, useRef, useSyncExternalStore } from 'react'
import type { AccessQuery } from './access/access'
import type { KubeObject } from './api/object'
import type { Resource } from './api/resource'
import { atFrame } from './live/frame'
import type { LiveList, LiveListReadable } from './live/list'
import type { ListRequest, Live, OwnerIdentity } from './live/live'
import type { LiveObject, ObjectName } from './live/object'
import { initialOf, NO_LIST, NO_OBJECT, resourceKey, selectionKey, wholeQuery } from './live/request'
import { inlineFunctionCheck } from './view/inline-functions'
import type { ViewQuery } from './view/query'
import type { Readable } from './view/readable'
import { createView, type ViewSnapshot, type ViewSource } from './view/view'

/** Provides the hooks with what `createLive` made: `<KubeContext value={live}>`; in React 18 `<KubeContext.Provider value={live}>`. */
export const KubeContext: Context<Live | undefined> = createContext<Live | undefined>(undefined)

/** Layout effects run before the browser paints; on servers React warns about them. */
const useBeforePaint = typeof document === 'undefined' ? useEffect : useLayoutEffect

/**
 * Returns the snapshot of a readable, or what `select` makes of it, and renders again when that changes.
 *
 * @param isEqual whether two selected values are alike; default `Object.is`.
 */
export function useReadable<S>(readable: Readable<S>): S
export function useReadable<S, R>(readable: Readable<S>, select: (snapshot: S) => R, isEqual?: (a: R, b: R) => boolean): R
export function useReadable<S, R>(readable: Readable<S>, select?: (snapshot: S) => R, isEqual: (a: R, b: R) => boolean = Object.is): S | R {
  const shown = useRef<{ readonly value: R }>(undefined)
  const get = useMemo(() => {
    let last: { readonly snapshot: S; readonly value: R } | undefined
    return (snapshot: S): S | R => {
      if (!select) return snapshot
      if (last?.snapshot === snapshot) return last.value
      const value = select(snapshot)
      const before = last ?? shown.current
      last = { snapshot, value: before && isEqual(before.value, value) ? before.value : value }
      return last.value
    }
  }, [select, isEqual])
  const value = useSyncExternalStore(
    readable.subscribe,
    () => get(readable.snapshot),
    () => get(initialOf(readable)),
  )
  useEffect(() => {
    if (select) shown.current = { value: value as R }
  })
  return value
}

/**
 * Returns what `createLive` made, from the context.
 *
 * @throws Error outside of a provider.
 */
export function useKube(): Live {
  const live = useContext(KubeContext)
  if (!live)
    throw new Error('kubeflect/react: there is no KubeContext above this component: render <KubeContext value={createLive(client)}>')
  return live
}

/**
 * Shows a collection. Components with equal requests share one feed, and another view costs no request. Renders once for the changes of a frame.
 *
 * @example
 * ```tsx
 * function Names() {
 *   const { rows, isStale } = useList(Pod, { namespace: 'shop', view: { sort: { by: field('status.startTime') }, window: { limit: 50 } } })
 *   return <ul aria-busy={isStale}>{rows.map((pod) => <li key={pod.key}>{pod.name}</li>)}</ul>
 * }
 * ```
 */
export function useList<T extends KubeObject>(resource: Resource<T>, request: ListRequest<NoInfer<T>> = {}): LiveList<T> {
  return useReadable(useListReadable(resource, request))
}

/**
 * Shows a collection as {@link useList} does, and suspends until there is a complete state; never again after that. A server that denies access
 * before there is one goes to the error boundary.
 */
export function useSuspenseList<T extends KubeObject>(resource: Resource<T>, request: ListRequest<NoInfer<T>> = {}): LiveList<T> {
  const list = useListReadable(resource, request)
  const snapshot = useReadable(list)
  const { isReady, state, error } = list.snapshot
  if (!isReady && (state === 'denied' || state === 'gone')) throw error
  if (!isReady) throw list.whenReady()
  return snapshot
}

/** Shows one object. With `undefined` for its name nothing is requested. */
export function useObject<T extends KubeObject>(resource: Resource<T>, name: ObjectName | undefined): LiveObject<T> {
  const live = useKube()
  const object = useMemo(
    () => (name ? live.object(resource, { name: name.name, namespace: name.namespace }) : NO_OBJECT),
    [live, resourceKey(resource), name?.name, name?.namespace],
  )
  return useReadable<LiveObject<T>>(object)
}

/** Shows the objects of a kind that name an owner in their `ownerReferences`. With `undefined` for the owner nothing is requested. */
export function useRelated<T extends KubeObject>(
  owner: OwnerIdentity | undefined,
  resource: Resource<T>,
  view: ViewQuery<NoInfer<T>> = {},
): LiveList<T> {
  const live = useKube()
  const list: LiveListReadable<T> = useMemo(
    () => (owner ? live.related(owner, resource, view) : (NO_LIST as LiveListReadable<T>)),
    [live, resourceKey(resource), owner?.uid, owner?.namespace],
  )
  useQuery(list, view)
  return useReadable(list)
}

/** Shows a store or an informer through a view of its own. */
export function useView<T>(source: ViewSource<T> | { readonly store: ViewSource<T> }, query: ViewQuery<NoInfer<T>> = {}): ViewSnapshot<T> {
  const view = useMemo(() => createView(source, { ...query, follow: 'whileHeard', schedule: atFrame }), [source])
  useQuery(view, query)
  return useReadable(view)
}

/** Whether the user may do something; undefined until the answer is there. */
export function useAccess(verb: string, resource: Resource, query: AccessQuery = {}): boolean | undefined {
  const live = useKube()
  const { namespace, name, subresource } = query
  const answer = useMemo(() => live.can(verb, resource, query), [live, verb, resourceKey(resource), namespace, name, subresource])
  return useReadable(answer)
}

function useListReadable<T extends KubeObject>(resource: Resource<T>, { view = {}, ...selection }: ListRequest<T>): LiveListReadable<T> {
  const live = useKube()
  const list = useMemo(() => live.list(resource, { ...selection, view }), [live, resourceKey(resource), selectionKey(selection)])
  useQuery(list, view)
  return list
}

/** Applies a query before the browser paints: the rows of the previous query are never seen under the new one. */
function useQuery<T>(view: { update(query: ViewQuery<T>): void }, query: ViewQuery<T>): void {
  const check = useRef<(query: ViewQuery<never>) => void>(undefined)
  useBeforePaint(() => {
    view.update(wholeQuery(query))
    check.current ??= inlineFunctionCheck()
    check.current(query as ViewQuery<never>)
  })
}
