// The entry kubeflect/svelte: values for Svelte 5.7 and newer, which read like `$state`.

import { getContext, setContext } from 'svelte'
import { createSubscriber } from 'svelte/reactivity'
import type { KubeObject } from './api/object'
import type { Resource } from './api/resource'
import { atFrame } from './live/frame'
import type { LiveList, LiveListReadable } from './live/list'
import type { ListRequest, Live } from './live/live'
import type { LiveObject, LiveObjectReadable, ObjectName } from './live/object'
import { initialOf, NO_OBJECT, selectionKey, wholeQuery } from './live/request'
import type { ViewQuery } from './view/query'
import type { Readable } from './view/readable'
import { createView, type ViewSnapshot, type ViewSource } from './view/view'

/** A value that changes. Reading `current` in a template, a `$derived` or an effect follows it. */
export interface Current<S> {
  readonly current: S
}

const KUBE = Symbol('kubeflect')

/** Provides the components below with what `createLive` made. Call it while a component initializes. */
export function setKube(live: Live): void {
  setContext(KUBE, live)
}

/**
 * Returns what {@link setKube} was given.
 *
 * @throws Error where a component above has not called it.
 */
export function useKube(): Live {
  const live = getContext<Live | undefined>(KUBE)
  if (!live) throw new Error('kubeflect/svelte: no component above this one has called setKube(createLive(client))')
  return live
}

/**
 * Returns the snapshot of a readable as `current`. It is followed while it is read; a server renders `initial`, and a page hydrates with it.
 *
 * @param readable a readable, or a function that returns the present one.
 */
export function useReadable<S>(readable: Readable<S> | (() => Readable<S>)): Current<S> {
  let kept: { readonly readable: Readable<S>; readonly track: () => void; isHydrating: boolean } | undefined
  return {
    get current() {
      const now = typeof readable === 'function' ? readable() : readable
      if (kept?.readable !== now) {
        const next = { readable: now, isHydrating: false, track: () => {} }
        const begin = (update: () => void) => {
          // The render that comes now may be the one that hydrates. Svelte forbids changes while a template reads.
          next.isHydrating = true
          queueMicrotask(() => {
            next.isHydrating = false
            update()
          })
          return now.subscribe(() => queueMicrotask(update))
        }
        next.track = createSubscriber(begin)
        kept = next
      }
      kept.track()
      return kept.isHydrating || typeof document === 'undefined' ? initialOf(now) : now.snapshot
    },
  }
}

/**
 * Shows a collection. Components with equal requests share one feed, and another view costs no request.
 *
 * @param request returns the request; it may read state.
 * @example
 * ```ts
 * import { useList } from 'kubeflect/svelte'
 *
 * const pods = useList(Pod, () => ({ namespace: 'shop', view: { sort: { by: field('status.startTime') }, window: { limit: 50 } } }))
 * ```
 */
export function useList<T extends KubeObject>(
  resource: Resource<T>,
  request: () => ListRequest<NoInfer<T>> = () => ({}),
): Current<LiveList<T>> {
  const live = useKube()
  let key: string | undefined
  let list: LiveListReadable<T>
  return useReadable(() => {
    const { view, ...selection } = request()
    const next = selectionKey(selection)
    if (next !== key) list = live.list(resource, selection)
    key = next
    list.update(wholeQuery(view))
    return list
  })
}

/** Shows one object. While `name` returns undefined nothing is requested. */
export function useObject<T extends KubeObject>(resource: Resource<T>, name: () => ObjectName | undefined): Current<LiveObject<T>> {
  const live = useKube()
  let key: string | undefined
  let object: LiveObjectReadable<T> = NO_OBJECT
  return useReadable(() => {
    const wanted = name()
    const next = JSON.stringify(wanted)
    if (next !== key) object = wanted ? live.object(resource, wanted) : NO_OBJECT
    key = next
    return object
  })
}

/** Shows a store or an informer through a view of its own. */
export function useView<T>(
  source: ViewSource<T> | { readonly store: ViewSource<T> },
  query: () => ViewQuery<NoInfer<T>> = () => ({}),
): Current<ViewSnapshot<T>> {
  const view = createView(source, { follow: 'whileHeard', schedule: atFrame })
  return useReadable(() => {
    view.update(wholeQuery(query()))
    return view
  })
}
