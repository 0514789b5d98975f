import { KubeClient, ListWatch, Reflector, Store, StorePersistence } from 'kubeflect'
import { idbPersister } from 'kubeflect/idb'
import { Pod } from 'kubeflect/resources/core/v1'
import { Traffic } from './traffic.ts'

/** Which pods a feed follows. */
export interface FeedOptions {
  /** Names the cluster: what is stored of one is never shown for another. */
  readonly cluster: string
  /** All namespaces when left out. */
  readonly namespace: string | undefined
  readonly labelSelector: string | undefined
}

/** Pods that outlive the page. */
export interface Feed {
  readonly store: Store<Pod>
  readonly reflector: Reflector<Pod>
  readonly persistence: StorePersistence<Pod>
  readonly traffic: Traffic
  /** Reads what was stored, then follows the server until the page ends. */
  run(): Promise<void>
  /** Removes everything that was stored. */
  forget(): Promise<void>
}

/** Puts the library's parts together: client → ListWatch → Reflector → Store → persistence. */
export function createFeed({ cluster, namespace, labelSelector }: FeedOptions): Feed {
  const traffic = new Traffic()
  const client = new KubeClient({
    baseUrl: '/k8s',
    fetch(request) {
      traffic.requests++
      return fetch(request)
    },
  })
  const listWatch = new ListWatch(client, Pod, { namespace, labelSelector })
  const store = new Store<Pod>()
  const persister = idbPersister({ database: 'kubeflect-playground' })
  const persistence = new StorePersistence(store, persister, { ...listWatch.scope, cluster, user: '', version: '1' })
  const reflector = new Reflector(listWatch, store, { expectedType: Pod, onEvent: traffic.note })
  return {
    store,
    reflector,
    persistence,
    traffic,
    async run() {
      await persistence.start()
      await reflector.run()
    },
    forget: () => persister.clear(),
  }
}
