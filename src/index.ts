// The main entry of the package, in the order in which data flows: objects, requests, the reflector, the store, the informer, the view.

// Objects and what identifies them
export type { KubeList, KubeObject, ListMeta, ManagedFieldsEntry, ObjectMeta, OwnerReference, Status } from './meta/object'
export {
  apiVersionOf,
  defineResource,
  type ObjectOf,
  type Resource,
  type ResourceDefinition,
  resourceName,
  resourcePath,
} from './meta/resource'
export { type KeyFunc, type Keyed, metaNamespaceKey, splitMetaNamespaceKey } from './meta/keys'
export { type Entry, entryFromObject, entryFromText, readValue } from './meta/entry'
export type { EntryList, ListOptions, RequestOptions, WatchEntry, WatchEvent, WatchOptions } from './meta/wire'

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
} from './errors'
export { isSchemaError, SchemaError } from './meta/check'
export { isSelectorError, SelectorError } from './meta/selectors'

// Requests: lists, watches, logs and writes
export { KubeClient, type KubeClientOptions } from './transport/client'
export { KubeReader, type KubeReaderOptions } from './transport/reader'
export type { ListEntriesOptions } from './transport/list'
export type { WatchEntriesOptions } from './transport/watch'
export type { ApplyConfiguration, Patch } from './transport/patch'
export { updateWithRetry } from './transport/update-with-retry'
export type { LogOptions } from './transport/logs'

// Metadata and printed rows in place of whole objects
export type { PartialObjectMetadata } from './meta/partial-object-metadata'
export { metadataListWatch } from './reflector/metadata'
export { tableListWatch } from './reflector/table'
export { listTable, type RowObject, type Table, type TableColumn, type TableRow } from './transport/table'

// Keeping a store up to date
export type { ListerWatcher } from './reflector/lister-watcher'
export { type EntryClient, ListWatch, type ListWatchOptions } from './reflector/list-watch'
export { Reflector } from './reflector/reflector'
export type { ReflectorEvent, ReflectorOptions, ReflectorState, ReflectorStatus, ReflectorStore, SyncSource } from './reflector/options'

// The store, its indexes, and its copy on disk
export { Store } from './store/store'
export type { StoreChange, StoreUpdate } from './store/changes'
export { fieldIndex, Indexer, type Indexers, type IndexFunc } from './store/indexer'
export { Lister } from './store/lister'
export { memoryPersister } from './persistence/memory'
export type { HydrationResult, PersistenceStatus, StorePersistenceOptions } from './persistence/persistence-options'
export type { Commit, LoadOptions, Persister, Scope, Snapshot, StoredRecord } from './persistence/persister'
export { StorePersistence } from './persistence/store-persistence'

// The everyday entry: a shared cache with handlers
export { createInformer, type InformerOptions, type PersistOptions } from './informer/create-informer'
export type { InformerSource, MetadataSource, ObjectSource, TableSource } from './informer/source'
export { metadata } from './informer/metadata'
export { table } from './informer/table'
export { eachAllowed, type NamespacesPlan } from './informer/each-allowed'
export { type InformerWorker, inWorker } from './worker/in-worker'
export { SharedInformer, type SharedInformerOptions } from './informer/shared-informer'
export type { InformerStatus } from './informer/feed'
export { type InformerIdentity, type InformerLease, SharedInformerFactory, type SharedInformerFactoryOptions } from './informer/factory'
export type { InformerEvent } from './informer/events'
export type { ChangeHandler, EventHandler, HandlerOptions, HandlerRegistration } from './informer/handler'
export type { InformerChange } from './informer/notifications'
export type { Transform } from './informer/transform'

// A filtered, sorted and paged view of a store
export { createView, type View, type ViewOptions, type ViewSnapshot } from './view/view'
export type { ViewQuery } from './view/query'
