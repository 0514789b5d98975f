// The entry kubeflect/tanstack-db: an informer as a TanStack DB collection, with optimistic writes.

import type { CollectionConfig, DeleteMutationFn, InsertMutationFn, SyncConfig, UpdateMutationFn } from '@tanstack/db'
import { metaNamespaceKey } from './api/keys'
import type { KubeObject } from './api/object'
import type { MergePatch } from './api/patch'
import type { Resource } from './api/resource'
import type { Entry } from './codec/entry'
import type { KubeClient } from './http/client'
import type { SharedInformer } from './informer/shared-informer'
import { type Clock, systemClock } from './internal/clock'
import { together } from './internal/once'
import { atFrame } from './live/frame'

/** Options of {@link kubernetesCollectionOptions}. */
export interface KubernetesCollectionOptions<T extends KubeObject> {
  /** The informer whose objects are the rows. The collection does not close it. */
  source: SharedInformer<T>
  /** The resource of the objects. */
  resource: Resource<T>
  /** Sends the writes. Default: the collection is read-only. */
  client?: Pick<KubeClient, 'create' | 'patch' | 'apply' | 'delete'> | undefined
  /**
   * The request of an update. `'merge'`, the default, sends the difference with the row's resourceVersion: a ConflictError when another writer was
   * faster. `apply` sends the changed fields as this manager's: a ConflictError that names the manager of a field that it does not own.
   */
  write?: 'merge' | { readonly apply: { readonly fieldManager: string; readonly force?: boolean | undefined } } | undefined
  /** The time that a write may take until its row is in the informer, in milliseconds; default 10,000. TanStack DB holds back all rows until then. */
  mutationTimeoutMs?: number | undefined
  /** The collection's id. Default: chosen by TanStack DB. */
  id?: string | undefined
  /** Commits changes together, such as once a frame. Default: `requestAnimationFrame` where there are frames, else 16 ms later. */
  schedule?: ((work: () => void) => void) | undefined
  /** The clock; replaced in tests. */
  clock?: Clock | undefined
}

type Written = { readonly metadata?: { readonly resourceVersion?: string | undefined } | undefined }

/**
 * Makes the options of a TanStack DB collection that has the objects of an informer as its rows, for joins and optimistic writes. Rows are parsed
 * objects; tables of many objects cost less with a view.
 *
 * A list that is read again writes only the rows that differ. A mutation resolves when the informer has the answer's version, and its rows have been
 * committed: no older value is seen after it. A write that fails is rolled back, and `isPersisted.promise` rejects with the client's error.
 *
 * @example
 * ```ts
 * import { createCollection } from '@tanstack/db'
 *
 * const collection = createCollection(kubernetesCollectionOptions({ source: pods, resource: Pod, client }))
 * const { isPersisted } = collection.update('shop/web-1', (pod) => {
 *   pod.metadata.labels = { ...pod.metadata.labels, tier: 'gold' }
 * })
 * await isPersisted.promise
 * ```
 */
export function kubernetesCollectionOptions<T extends KubeObject>(options: KubernetesCollectionOptions<T>): CollectionConfig<T, string> {
  const { source, resource, client, write = 'merge', mutationTimeoutMs = 10_000, id, schedule = atFrame, clock = systemClock } = options
  let flush = () => {}

  const sync: SyncConfig<T, string>['sync'] = ({ begin, write: put, commit, markReady, markError }) => {
    const { indexer } = source
    const written = new Map<string, Entry<T>>()
    const changed = new Map<string, Entry<T> | undefined>()
    const end = new AbortController()
    flush = () => {
      const differing = [...changed].filter(([key, entry]) => written.get(key) !== entry)
      changed.clear()
      if (differing.length === 0) return
      begin()
      for (const [key, entry] of differing) {
        const isKnown = written.has(key)
        const value = entry && readable(entry)
        if (entry && value) {
          put({ type: isKnown ? 'update' : 'insert', value })
          written.set(key, entry)
        } else if (isKnown) {
          put({ type: 'delete', key })
          written.delete(key)
        }
      }
      commit()
    }
    const flushSoon = together(schedule, () => {
      if (!end.signal.aborted) flush()
    })
    for (const entry of indexer.list()) changed.set(entry.key, entry)
    flush()
    const stop = indexer.subscribe(({ changes }) => {
      for (const { type, entry } of changes) if (type !== 'resynced') changed.set(entry.key, type === 'deleted' ? undefined : entry)
      if (changed.size > 0) flushSoon()
    })
    const ready = () => {
      flush()
      markReady()
    }
    const fail = (error: unknown) => {
      if (!end.signal.aborted) markError(error)
    }
    source.whenSynced({ onDenied: 'reject', signal: end.signal }).then(ready, fail)
    return () => {
      end.abort()
      stop()
    }
  }

  /** Sends one write, and resolves when the rows show it. */
  const mutate = async (send: (signal: AbortSignal) => Promise<Written>, key: string): Promise<void> => {
    const limit = new AbortController()
    const late = () =>
      limit.abort(new Error(`the write of ${resource.kind} ${key} has not arrived in the informer within ${mutationTimeoutMs} ms`))
    const timer = clock.setTimeout(late, mutationTimeoutMs)
    try {
      const { metadata } = await send(limit.signal)
      const version = metadata?.resourceVersion
      if (version) await source.waitForResourceVersion(version, { signal: limit.signal })
      else await whenGone(source, key, limit.signal)
      flush()
    } finally {
      clock.clearTimeout(timer)
    }
  }

  const onInsert: InsertMutationFn<T, string> = async ({ transaction: { mutations } }) => {
    await Promise.all(
      mutations.map(({ modified, key }) =>
        mutate((signal) => writer().create(resource, modified as never, { ...within(modified), signal }), key),
      ),
    )
  }
  const onUpdate: UpdateMutationFn<T, string> = async ({ transaction: { mutations } }) => {
    await Promise.all(
      mutations.map(({ original, modified, key }) => {
        const { name = '', resourceVersion } = original.metadata
        const { metadata, ...rest } = (difference(original, modified) ?? {}) as Partial<KubeObject>
        if (write === 'merge') {
          const merge = { ...rest, metadata: { ...metadata, resourceVersion } } as MergePatch<T>
          return mutate((signal) => writer().patch(resource, name, { merge } as never, { ...within(modified), signal }), key)
        }
        const part = { ...rest, metadata: { ...metadata, ...within(modified), name } }
        return mutate((signal) => writer().apply(resource, part as never, { ...write.apply, ...within(modified), signal }), key)
      }),
    )
  }
  const onDelete: DeleteMutationFn<T, string> = async ({ transaction: { mutations } }) => {
    await Promise.all(
      mutations.map(({ original, key }) => {
        const { name = '', uid } = original.metadata
        return mutate(
          (signal) => writer().delete(resource, name, { ...within(original), preconditions: { uid }, signal }) as Promise<Written>,
          key,
        )
      }),
    )
  }
  const writer = () => {
    if (!client) throw new Error('kubernetesCollectionOptions: the collection is read-only: give it a client')
    return client
  }
  return {
    ...(id !== undefined && { id }),
    getKey: metaNamespaceKey,
    sync: { sync, rowUpdateMode: 'full' },
    ...(client && { onInsert, onUpdate, onDelete }),
  }
}

/** The object of an entry; undefined when its text is not JSON: the store has dropped it then, and fetches it again. */
function readable<T>(entry: Entry<T>): T | undefined {
  try {
    return entry.object
  } catch {
    return undefined
  }
}

function within({ metadata: { namespace } }: KubeObject): { readonly namespace?: string } {
  return namespace ? { namespace } : {}
}

async function whenGone<T extends KubeObject>({ indexer }: SharedInformer<T>, key: string, signal: AbortSignal): Promise<void> {
  let stop = () => {}
  try {
    await new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!indexer.get(key)) resolve()
      }
      signal.addEventListener('abort', () => reject(signal.reason))
      stop = indexer.subscribe(look)
      look()
    })
  } finally {
    stop()
  }
}

/** The merge patch from one value to another (RFC 7386); undefined where they are alike. */
function difference(before: unknown, after: unknown): unknown {
  if (Object.is(before, after)) return undefined
  if (!isRecord(before) || !isRecord(after)) return JSON.stringify(before) === JSON.stringify(after) ? undefined : after
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  const changes = Array.from(
    names,
    (name) =>
      [name, after[name] === undefined ? (before[name] === undefined ? undefined : null) : difference(before[name], after[name])] as const,
  )
  const found = changes.filter(([, value]) => value !== undefined)
  return found.length > 0 ? Object.fromEntries(found) : undefined
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
