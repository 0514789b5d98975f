import type { KubeObject } from '../../src/api/object'
import { KubeClient } from '../../src/http/client'
import { createInformer } from '../../src/informer/create-informer'
import { ConfigMap } from '../../src/resources/core/v1'
import { type PackingMode, packingOf } from '../support/packing.ts'
import { CallLog, MARKER } from './call-log.ts'
import type { Version } from './calls.ts'

/** How an informer reads the collection. */
export interface Reading {
  readonly url: string
  /** Its user agent: faults are for one informer each. */
  readonly name: string
  readonly labelSelector: string
  readonly initialList: 'stream' | 'list'
}

/** An informer whose handler takes notes. */
export interface Watcher extends AsyncDisposable {
  readonly name: string
  readonly log: CallLog
  /** What is in its store. */
  store(): Promise<readonly Version[]>
}

/** Starts this library's own informer. */
export function startSubject({ url, name, labelSelector, initialList }: Reading, packing: PackingMode): Watcher {
  const log = new CallLog()
  const errors: unknown[] = []
  const informer = createInformer(new KubeClient({ baseUrl: url, headers: { 'user-agent': name } }), ConfigMap, {
    namespace: MARKER.namespace,
    labelSelector,
    initialList,
    pack: packingOf(packing),
    // The other informer's waits are enough.
    backoff: { initialMs: 1, maxMs: 10 },
    // What the server's troubles are called is no matter here; what goes wrong beside the feed is.
    onError: () => undefined,
    onEvent: (event) => event.type === 'error' && event.kind === undefined && errors.push(event.error),
  })
  informer.addEventHandler({
    onAdd: (object, { isInInitialList }) => log.push({ call: 'add', object: versionOf(object), isInInitialList }),
    onUpdate: (previous, object) => log.push({ call: 'update', object: versionOf(object), previous: versionOf(previous) }),
    onDelete: (object) => log.push({ call: 'delete', object: versionOf(object) }),
  })
  return {
    name,
    log,
    store: async () => informer.store.list(),
    async [Symbol.asyncDispose]() {
      await informer.close()
      if (errors.length > 0) throw new AggregateError(errors, `${name}: ${errors.join(', ')}`)
    },
  }
}

function versionOf({ metadata: { namespace, name, uid = '', resourceVersion = '' } }: KubeObject): Version {
  return { key: `${namespace}/${name}`, uid, resourceVersion }
}
