// The entry kubeflect/solid: accessors for Solid 1.9 and 2.

import { type Accessor, type Context, createContext, createMemo, createSignal, onCleanup, useContext } from 'solid-js'
import type { KubeObject } from './api/object'
import type { Resource } from './api/resource'
import { atFrame } from './live/frame'
import type { LiveList } from './live/list'
import type { ListRequest, Live } from './live/live'
import type { LiveObject, LiveObjectReadable, ObjectName } from './live/object'
import { initialOf, NO_OBJECT, selectionKey, wholeQuery } from './live/request'
import type { ViewQuery } from './view/query'
import type { Readable } from './view/readable'
import { createView, type ViewSnapshot, type ViewSource } from './view/view'

/** Provides the components below with what `createLive` made: `<KubeContext.Provider value={live}>`; in Solid 2 `<KubeContext value={live}>`. */
export const KubeContext: Context<Live | undefined> = createContext<Live | undefined>(undefined)

/**
 * Returns what `createLive` made, from the context.
 *
 * @throws Error outside of a provider.
 */
export function useKube(): Live {
  const live = useContext(KubeContext)
  if (!live) throw new Error('kubeflect/solid: there is no KubeContext above this component: give it createLive(client)')
  return live
}

/**
 * Returns the snapshot of a readable as an accessor, until its owner is disposed of. A server renders `initial`, and a page hydrates with it.
 *
 * @param readable a readable, or an accessor of one that changes.
 */
export function useReadable<S>(readable: Readable<S> | Accessor<Readable<S>>): Accessor<S> {
  const read = () => (typeof readable === 'function' ? readable() : readable)
  if (typeof document === 'undefined') return () => initialOf(read())
  const shown = createMemo(() => {
    const now = read()
    const [value, set] = createSignal({ snapshot: initialOf(now) })
    let isOver = false
    // Later: the render that comes now may be the one that hydrates.
    const show = () =>
      queueMicrotask(() => {
        if (!isOver && value().snapshot !== now.snapshot) set({ snapshot: now.snapshot })
      })
    const leave = now.subscribe(show)
    onCleanup(() => {
      isOver = true
      leave()
    })
    show()
    return value
  })
  return () => shown()().snapshot
}

/**
 * Shows a collection. Components with equal requests share one feed, and another view costs no request. In `<For each={pods().rows}>` only rows
 * that changed are created again.
 *
 * @param request returns the request; it may read signals.
 * @example
 * ```ts
 * import { useList } from 'kubeflect/solid'
 *
 * const pods = useList(Pod, () => ({ namespace: 'shop', view: { sort: { by: field('status.startTime') }, window: { limit: 50 } } }))
 * ```
 */
export function useList<T extends KubeObject>(
  resource: Resource<T>,
  request: () => ListRequest<NoInfer<T>> = () => ({}),
): Accessor<LiveList<T>> {
  const live = useKube()
  const key = createMemo(() => selectionKey(request()))
  const list = createMemo(() => live.list(resource, JSON.parse(key())))
  return useReadable(
    createMemo(() => {
      const next = list()
      next.update(wholeQuery(request().view))
      return next
    }),
  )
}

/** Shows one object. While `name` returns undefined nothing is requested. */
export function useObject<T extends KubeObject>(resource: Resource<T>, name: () => ObjectName | undefined): Accessor<LiveObject<T>> {
  const live = useKube()
  const key = createMemo(() => JSON.stringify(name()) as string | undefined)
  const object = createMemo((): LiveObjectReadable<T> => {
    const wanted = key()
    return wanted ? live.object(resource, JSON.parse(wanted)) : NO_OBJECT
  })
  return useReadable(object)
}

/** Shows a store or an informer through a view of its own. */
export function useView<T>(
  source: ViewSource<T> | { readonly store: ViewSource<T> },
  query: () => ViewQuery<NoInfer<T>> = () => ({}),
): Accessor<ViewSnapshot<T>> {
  const view = createView(source, { follow: 'whileHeard', schedule: atFrame })
  return useReadable(
    createMemo(() => {
      view.update(wholeQuery(query()))
      return view
    }),
  )
}
