// `sharedByTabs`: the option value that lets the tabs of a browser share an informer's feed.

import type { Resource } from '../api/resource'
import type { PortableClient } from '../http/portable'
import type { FeedReader, InformerFeed, OpenFeed } from '../informer/shared-feed'
import { type Clock, systemClock } from '../internal/clock'
import { guarded } from '../internal/report'
import type { EntryClient } from '../source/list-watch'
import type { Backend } from '../worker/page/worker-source'
import { checkIdentity, type Identity, identityOf } from './identity'
import type { LeaderWorkerLike } from './leader'
import { Link } from './link'
import { pagePlatform, type SharedWorkerLike, type TabsPlatform } from './platform'
import { TabsClient } from './tabs-client'
import { type LinkView, TabsFeed } from './tabs-feed'

/** Options of {@link sharedByTabs}. */
export interface SharedByTabsOptions extends Identity {
  /**
   * Starts, or finds, the SharedWorker with a name, for bundlers that do not find the library's own. Its module imports
   * `kubeflect/tabs-worker`. All tabs must give the same options.
   *
   * @example
   * ```ts
   * const worker = (name: string) => new SharedWorker(new URL('./owner.js', import.meta.url), { type: 'module', name })
   * ```
   */
  worker?: ((name: string) => SharedWorkerLike) | undefined
  /** The same for the Worker of a tab that leads, where there is no SharedWorker. Its module is the same. */
  leaderWorker?: ((name: string) => LeaderWorkerLike) | undefined
}

/** A page's link to the owner, for all informers of one client. */
interface SharedLink {
  readonly link: Link
  informers: number
}

/**
 * Lets all tabs of a browser that show the same user and cluster share one list and one watch of each collection. A SharedWorker reads from
 * the server, stores the objects (with an `idbPersister`), and serves every tab. When it dies, the tabs start another one and continue from
 * their own versions, without a list.
 *
 * Where there is no SharedWorker one tab leads, which a Web Lock elects, and its Worker serves the others. An informer makes its own requests
 * where that is impossible too, when the client has its own `fetch` or `hooks`, and when the informer has `tweakListOptions`;
 * `status.tabs.why` and the event `alone` say why. Use one value for all informers of a page.
 *
 * @param options `user` is required, because what a server shows depends on it.
 * @throws TypeError when `user` is not a string.
 * @example
 * ```ts
 * const feed = sharedByTabs({ user: 'alice' })
 * const pods = createInformer(client, Pod, { feed })
 * ```
 */
export function sharedByTabs(options: SharedByTabsOptions): InformerFeed {
  return feedOver(pagePlatform(options.worker ?? startWorker, options.leaderWorker ?? startLeader), options)
}

/** As {@link sharedByTabs}, in a given browser. */
export function feedOver(platform: TabsPlatform, identity: Identity): InformerFeed {
  checkIdentity('sharedByTabs', identity)
  const links = new Map<EntryClient, SharedLink>()

  const lease = (client: EntryClient, portable: PortableClient, clock: Clock): [Link, () => void] => {
    const known = links.get(client)
    const start = () => ({ link: new Link({ platform, clock, client: portable, identity: identityOf(client, identity) }), informers: 0 })
    const shared = known && !known.link.isClosed ? known : start()
    links.set(client, shared)
    shared.informers++
    const release = () => {
      shared.informers--
      if (shared.informers > 0) return
      if (links.get(client) === shared) links.delete(client)
      shared.link.close()
    }
    return [shared.link, release]
  }

  return {
    user: identity.user,
    open(client, resource, reader, persister) {
      if (reader.worker) throw new TypeError('sharedByTabs: leave out `worker`: a shared feed runs in a Worker already')
      if ((reader.persist?.user ?? identity.user) !== identity.user)
        throw new TypeError('sharedByTabs: `persist.user` is another user; leave it out')
      const { portable } = client as EntryClient & { portable?: PortableClient | undefined }
      const { clock = systemClock, tweakListOptions } = reader
      const here = { client, persister }
      if (tweakListOptions) return openAlone(here, 'tweakListOptions, a function, cannot be sent to another thread', reader)
      if (portable) return openShared(here, lease(client, portable, clock), resource, reader)
      return openAlone(
        here,
        'the client has its own fetch or hooks, or is not a KubeClient, so it cannot be sent to another thread',
        reader,
      )
    },
  }
}

function openShared(here: Backend, [link, release]: [Link, () => void], resource: Resource, reader: FeedReader): OpenFeed {
  const { source, fieldSelector, managedFields, persist, transform, keyFunc, expectedType, namespaces, onEvent } = reader
  const { sensitive } = persist ?? {}
  const storesHere = transform !== undefined
  const away = new TabsClient({ link, here, resource, fieldSelector, managedFields, accept: source?.kind, sensitive, storesHere })
  const stops = [release]
  return {
    client: away,
    persister: away.persister,
    initialList: 'list',
    observe(inner, indexer) {
      const giver = {
        has: (scope: string) => away.scopes.size === 1 && away.scopes.has(scope),
        state: () => ({ entries: indexer.list(), resourceVersion: inner.status.hasSynced ? indexer.resourceVersion : '' }),
      }
      // Another owner needs every object, as the server sent it.
      if (!transform && !keyFunc && !expectedType && !namespaces) stops.push(link.offer(giver))
      return new TabsFeed(inner, { link, indexer, onEvent: guarded(onEvent) })
    },
    release() {
      for (const stop of stops.splice(0)) stop()
    },
  }
}

function openAlone({ client, persister }: Backend, why: string, { onEvent }: FeedReader): OpenFeed {
  const status = { role: 'alone', owner: undefined, tabs: 1, upstream: undefined, why } as const
  const link: LinkView = { status, subscribe: () => () => undefined }
  const emit = guarded(onEvent)
  return {
    client,
    persister,
    observe(inner, indexer) {
      emit?.({ type: 'alone', why })
      return new TabsFeed(inner, { link, indexer, onEvent: emit })
    },
    release: () => undefined,
  }
}

function startWorker(name: string): SharedWorkerLike {
  // Bundlers search for exactly this expression. The worker outlives a reload of the only tab where the browser supports `extendedLifetime`.
  return new SharedWorker(new URL('./tabs-worker.js', import.meta.url), {
    type: 'module',
    name,
    extendedLifetime: true,
  } as WorkerOptions)
}

function startLeader(name: string): LeaderWorkerLike {
  return new Worker(new URL('./tabs-worker.js', import.meta.url), { type: 'module', name })
}
