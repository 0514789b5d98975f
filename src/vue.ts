// The entry kubeflect/vue: composables for Vue 3.5.

import {
  computed,
  getCurrentInstance,
  type InjectionKey,
  inject,
  type MaybeRefOrGetter,
  provide,
  type ShallowRef,
  shallowRef,
  toValue,
  watch,
} from 'vue'
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

const KUBE: InjectionKey<Live> = Symbol('kubeflect')

/** Vue injects into the components below only; this is for the component itself. */
const own = new WeakMap<object, Live>()

/** Provides this component and those below with what `createLive` made. For a whole application, call it in the root component. */
export function provideKube(live: Live): void {
  provide(KUBE, live)
  const instance = getCurrentInstance()
  if (instance) own.set(instance, live)
}

/**
 * Returns what {@link provideKube} was given.
 *
 * @throws Error where a component above has not called it.
 */
export function useKube(): Live {
  const instance = getCurrentInstance()
  const live = (instance && own.get(instance)) ?? inject(KUBE, undefined)
  if (!live) throw new Error('kubeflect/vue: no component above this one has called provideKube(createLive(client))')
  return live
}

/**
 * Returns the snapshot of a readable as a shallow ref, until the component is unmounted. A server renders `initial`, and a page hydrates with it.
 *
 * @param readable a readable; a ref or a getter of one that changes.
 */
export function useReadable<S>(readable: MaybeRefOrGetter<Readable<S>>): Readonly<ShallowRef<S>> {
  const value = shallowRef(initialOf(toValue(readable)))
  if (typeof document === 'undefined') return value
  const follow = (next: Readable<S>, _: unknown, onCleanup: (end: () => void) => void) => {
    const show = () => {
      value.value = next.snapshot
    }
    onCleanup(next.subscribe(show))
    // The render that comes now may be the one that hydrates.
    queueMicrotask(show)
  }
  watch(() => toValue(readable), follow, { immediate: true, flush: 'sync' })
  return value
}

/**
 * Shows a collection. Components with equal requests share one feed, and another view costs no request.
 *
 * @param request the request; a getter where it depends on refs.
 * @example
 * ```ts
 * import { useList } from 'kubeflect/vue'
 *
 * const pods = useList(Pod, () => ({ namespace: 'shop', view: { sort: { by: field('status.startTime') }, window: { limit: 50 } } }))
 * ```
 */
export function useList<T extends KubeObject>(
  resource: Resource<T>,
  request: MaybeRefOrGetter<ListRequest<NoInfer<T>>> = {},
): Readonly<ShallowRef<LiveList<T>>> {
  const live = useKube()
  const key = computed(() => selectionKey(toValue(request)))
  const list = computed(() => live.list(resource, JSON.parse(key.value)))
  watch([list, () => toValue(request).view], ([next, view]) => next.update(wholeQuery(view)), { immediate: true, flush: 'pre' })
  return useReadable(list)
}

/** Shows one object. While its name is undefined nothing is requested. */
export function useObject<T extends KubeObject>(
  resource: Resource<T>,
  name: MaybeRefOrGetter<ObjectName | undefined>,
): Readonly<ShallowRef<LiveObject<T>>> {
  const live = useKube()
  const key = computed(() => JSON.stringify(toValue(name)))
  const object = computed((): LiveObjectReadable<T> => (key.value ? live.object(resource, JSON.parse(key.value)) : NO_OBJECT))
  return useReadable(object)
}

/** Shows a store or an informer through a view of its own. */
export function useView<T>(
  source: ViewSource<T> | { readonly store: ViewSource<T> },
  query: MaybeRefOrGetter<ViewQuery<NoInfer<T>>> = {},
): Readonly<ShallowRef<ViewSnapshot<T>>> {
  const view = createView(source, { follow: 'whileHeard', schedule: atFrame })
  watch(
    () => toValue(query),
    (next) => view.update(wholeQuery(next)),
    { immediate: true, flush: 'pre' },
  )
  return useReadable(view)
}
