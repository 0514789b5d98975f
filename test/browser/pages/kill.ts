// Keeps pods in IndexedDB and tells the server what it has, until it is killed.
import { KubeClient, ListWatch, Reflector, Store, StorePersistence } from 'kubeflect'
import { idbPersister } from 'kubeflect/idb'
import { Pod } from 'kubeflect/resources/core/v1'
import { packAtOnce, packingOf } from '../../support/packing'
import type { Report } from '../support/kill-site.ts'

// One kill in some hundred leaves Chromium's own files in a state that it cannot read (a checksum does not match). It begins an empty
// database then, and says so.
let isDatabaseLost = false
const open = indexedDB.open.bind(indexedDB)
indexedDB.open = (...database) => {
  const request = open(...database)
  request.addEventListener('upgradeneeded', (event: IDBVersionChangeEvent & { dataLoss?: string }) => {
    isDatabaseLost = event.dataLoss === 'total'
  })
  return request
}

const listWatch = new ListWatch(new KubeClient({ baseUrl: '/k8s' }), Pod)
const store = new Store<Pod>()
const packing = location.search === '?packing=forced' ? 'forced' : 'off'
if (packing === 'forced') packAtOnce(store)
// Written all the time, and folded as soon as it may be: there is always something to interrupt.
const persister = idbPersister({ database: 'kill', whenIdle: (fold) => fold(), pack: packingOf(packing) })
const persistence = new StorePersistence(store, persister, { ...listWatch.scope, user: '', version: '1' }, { flushIntervalMs: 1 })

const loaded = await persistence.start({ loadTimeoutMs: 30_000 })
await report(loaded)
const reflector = new Reflector(listWatch, store)
void reflector.run()
await reflector.whenSynced()
for (;;) await report(persistence.status)

async function report(status: Report['status']): Promise<void> {
  const objects = store.list().map(({ key, uid, resourceVersion }) => `${key} ${uid} ${resourceVersion}`)
  const body: Report = { status, isDatabaseLost, resourceVersion: store.resourceVersion, objects }
  await fetch('/report', { method: 'POST', body: JSON.stringify(body) })
}
