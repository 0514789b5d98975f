// The main entry of the package, in the order in which data flows: objects, requests, the reflector, the store, the informer, the view.

// Objects and what identifies them
export type { KubeList, KubeObject, ListMeta, ManagedFieldsEntry, ObjectMeta, OwnerReference, Status } from './api/object'
export {
  apiVersionOf,
  defineResource,
  type ObjectOf,
  type Resource,
  type ResourceDefinition,
  resourceName,
  resourcePath,
} from './api/resource'
export { type KeyFunc, type Keyed, metaNamespaceKey, splitMetaNamespaceKey } from './api/keys'
export { type Entry, entryFromObject, entryFromText, readValue } from './codec/entry'
export type { ListOptions, RequestOptions, WatchOptions } from './api/options'
export type { EntryList, WatchEntry, WatchEvent } from './codec/wire'

// Errors, and a guard for each
export {
  ApiError,
  ConflictError,
  ConnectionError,
  ExpiredError,
  isApiError,
  isConflictError,
  isConnectionError,
  isExpiredError,
  isKubeError,
  isParseError,
  isPersistenceError,
  isWatchError,
  KubeError,
  ParseError,
  PersistenceError,
  type PersistenceErrorCode,
  WatchError,
} from './api/errors'
export { isSchemaError, SchemaError } from './api/check'
export { isSelectorError, SelectorError } from './api/selectors'
export { nameSelector } from './api/name-selector'

// Requests: lists, watches, logs and writes
export { KubeClient, type KubeClientOptions } from './http/client'
export { KubeReader, type KubeReaderOptions } from './http/reader'
export type { WatchStream } from './http/requester'
export type { WatchOver, WatchOverSettings } from './http/watch-over'
export { type Turns, type TurnsOptions, turns } from './connections/turns'
export { type WebSocketOptions, webSocket } from './connections/web-socket'
export type { ListEntriesOptions } from './http/list'
export type { WatchEntriesOptions } from './http/watch'
export type { ApplyConfiguration, Patch } from './api/patch'
export { updateWithRetry } from './http/update-with-retry'
export type { LogOptions } from './http/logs'

// Metadata and printed rows in place of whole objects
export type { PartialObjectMetadata } from './api/partial-object-metadata'
export { metadataListWatch } from './source/metadata'
export { tableListWatch } from './source/table'
export { listTable, type RowObject, type Table, type TableColumn, type TableRow } from './http/table'

// Keeping a store up to date
export type { ListerWatcher } from './source/lister-watcher'
export { type EntryClient, ListWatch, type ListWatchOptions } from './source/list-watch'
export { Reflector } from './reflector/reflector'
export type { Seams } from './internal/seams'
export type { ReflectorEvent, ReflectorOptions, ReflectorState, ReflectorStatus, ReflectorStore, SyncSource } from './reflector/options'

// The store, its indexes, and its copy on disk
export { Store } from './store/store'
export type { StoreChange, StoreUpdate } from './store/changes'
export { type IndexedEntries, indexed } from './store/indexed'
export { fieldIndex, Indexer, type Indexers, type IndexFunc } from './store/indexer'
export { Lister } from './store/lister'
export { memoryPersister } from './persistence/memory/memory-persister'
export type { HydrationResult, PersistenceStatus, StorePersistenceOptions } from './persistence/persistence-options'
export type { Commit, LoadOptions, Persister, Scope, Snapshot, StoredRecord } from './persistence/persister'
export { StorePersistence } from './persistence/store-persistence'

// The everyday entry: a shared cache with handlers
export { createInformer, type InformerOptions, type PersistOptions } from './informer/create-informer'
export type { InformerSource, MetadataSource, ObjectSource, TableSource } from './informer/sources/source'
export { metadata } from './informer/sources/metadata'
export { table } from './informer/sources/table'
export { eachAllowed, type NamespacesPlan } from './informer/namespaces/each-allowed'
export { type Packing, packing } from './informer/packing/packing'
export { type InformerWorker, inWorker } from './worker/page/in-worker'
export { SharedInformer, type SharedInformerOptions } from './informer/shared-informer'
export type { InformerStatus } from './informer/feed'
export { type InformerIdentity, type InformerLease, SharedInformerFactory, type SharedInformerFactoryOptions } from './informer/factory'
export type { InformerEvent } from './informer/events'
export type { ChangeHandler, EventHandler, HandlerOptions, HandlerRegistration } from './informer/handlers/handler'
export type { InformerChange } from './informer/handlers/notifications'
export type { Transform } from './source/transform'

// A filtered, sorted and paged view of a store
export { createView, type View, type ViewOptions, type ViewSnapshot, type ViewSource } from './view/view'
export { field, fields, type KeyedFunction, keyed } from './view/keyed'
export type { SortValue, ViewFilter, ViewQuery, ViewSearch, ViewSort, ViewWindow } from './view/query'
export type { Readable } from './view/readable'
