// The entry `kubeflect/idb`: persistence in IndexedDB.

export { type IdbPersisterOptions, idbPersister } from './persistence/idb/idb-persister'
