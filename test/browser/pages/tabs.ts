// The script of a page whose informer shares its feed with other tabs.

import { createInformer, type InformerEvent, KubeClient, webSocket } from 'kubeflect'
import { idbPersister } from 'kubeflect/idb'
import { ConfigMap } from 'kubeflect/resources/core/v1'
import { forget, sharedByTabs } from 'kubeflect/tabs'

const query = new URLSearchParams(location.search)
if (query.has('leader')) Reflect.deleteProperty(globalThis, 'SharedWorker')
const user = query.get('user') ?? 'alice'
const client = new KubeClient({
  baseUrl: query.has('socket') ? `${location.origin}/k8s` : '/k8s',
  watchOver: query.has('socket') ? webSocket() : undefined,
})
const persister = query.has('persist') ? idbPersister({ database: 'tabs' }) : undefined
const events: string[] = []
const losses: number[] = []
const errors: string[] = []
/** The times of changes of the store, in milliseconds since 1970. */
const changes: number[] = []
let isRestored = false
addEventListener('pageshow', ({ persisted }) => {
  isRestored = persisted
})
const openedAt = performance.now()
let syncedMs: number | undefined
/** The smallest number of objects since the first state was complete. */
let fewest = Number.POSITIVE_INFINITY

const note = (event: InformerEvent) => {
  if (event.type === 'owner') {
    events.push(`${event.type} ${event.change}`)
    if (event.change === 'joined') losses.push(event.durationMs)
  } else if (event.type === 'alone' || event.type === 'relist' || event.type === 'backoff') events.push(event.type)
}

const informer = createInformer(client, ConfigMap, {
  ...(query.has('own') ? {} : { feed: sharedByTabs({ user }) }),
  ...(persister && { persist: { to: persister, user } }),
  onEvent: note,
  onError: (error) => void errors.push(String(error)),
})
informer.indexer.subscribe(() => {
  changes.push(Date.now())
  fewest = Math.min(fewest, informer.indexer.size)
})
void informer.whenSynced().then(() => {
  fewest = informer.indexer.size
  syncedMs = performance.now() - openedAt
})

const page = {
  state: () => ({
    state: informer.state,
    objects: informer.indexer
      .list()
      .map(({ key, resourceVersion }) => `${key} ${resourceVersion}`)
      .sort(),
  }),
  report: () => ({
    tabs: informer.status.tabs,
    source: informer.status.source,
    error: String(informer.status.error),
    syncedMs,
    events,
    losses,
    errors,
    /** Whether the page came out of the back/forward cache. */
    isRestored,
    fewest,
  }),
  firstChangeAfter: (at: number) => changes.find((time) => time > at),
  persistence: () => informer.persistence?.status,
  forget: () => forget(client, { user, persister }),
}

/** What tests call in the page. */
export type TabsPage = typeof page

Object.assign(globalThis, { page })
