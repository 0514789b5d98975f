export { type IdbPersisterOptions, idbPersister } from './persistence/idb'
