// The table of contents, in the order the data flows.

// Objects, and what they are called
export type {
  KubeList,
  KubeObject,
  ListMeta,
  ManagedFieldsEntry,
  ObjectMeta,
  OwnerReference,
  Status,
  StatusCause,
  StatusDetails,
} from './meta/object'
export {
  apiVersionOf,
  defineResource,
  type ObjectOf,
  type Resource,
  type ResourceDefinition,
  resourceName,
  resourcePath,
  type ResourceScope,
} from './meta/resource'
export { type KeyFunc, type Keyed, metaNamespaceKey, type ObjectIdentity, splitMetaNamespaceKey } from './meta/keys'
export type { InferSchema, StandardIssue, StandardResult, StandardSchemaV1 } from './meta/standard-schema'
export { type Entry, entryFromObject, entryFromText, type EntryOptions, readValue, type UnparsedEntry } from './meta/entry'
export type { TypeMeta } from './meta/header'
export type { Labels } from './meta/selectors'
export type {
  ApplyOptions,
  ArrivalOptions,
  ChangeType,
  CollectionOptions,
  DeleteOptions,
  EntryList,
  ListOptions,
  ObjectOptions,
  RequestOptions,
  ResourceVersionMatch,
  Skipped,
  WatchEntry,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from './meta/wire'

// What can go wrong
export {
  ApiError,
  type ApiErrorInit,
  ConflictError,
  ConnectionError,
  ExpiredError,
  type FieldConflict,
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
  type RequestSummary,
  WatchError,
} from './errors'
export { SchemaError } from './meta/check'
export { isSelectorError, SelectorError } from './meta/selectors'

// From bytes to events
export { KubeClient, type KubeClientOptions } from './transport/client'
export { KubeReader, type KubeReaderOptions } from './transport/reader'
export type { RequestHooks } from './transport/hooks'
export type { HeaderValues, RawRequest } from './transport/requester'
export type { TokenSource } from './transport/credentials'
export type { ListEntriesOptions } from './transport/list'
export type { WatchEntriesOptions } from './transport/watch'
export type { ServerWarning } from './transport/warnings'

// Writing, and reading what a container writes
export type { ApplyConfiguration, JsonPatchOperation, MergePatch, PartOf, Patch, StrategicPatch } from './transport/patch'
export type {
  Binding,
  Eviction,
  Scale,
  SubresourceObject,
  SubresourceOptions,
  SubresourceTypes,
} from './transport/subresources'
export { type RetryBackoff, type UpdateOptions, updateWithRetry } from './transport/update-with-retry'
export type { LogOptions } from './transport/logs'

// What a server has
export { type DiscoverOptions, type DiscoveredRoot, Discovery, discover, UnknownResourceError } from './discovery/discovery'
export type { DiscoveredGroup, DiscoveredResource, DiscoveredSubresource, DiscoveryFailure } from './discovery/resource'
export type { ResourceQuery } from './discovery/resolve'
export { watchDiscovery, type WatchDiscoveryOptions } from './discovery/watch'
export { openapi, type OpenApiDocument, type OpenApiSchema, schemaOf } from './discovery/openapi'
export type { PrinterColumn } from './discovery/custom-resource-definition'
export { printerColumns } from './discovery/printer-columns'

// What a user may do
export { Access, type AccessOptions, type AccessQuery } from './access/access'

// Less than whole objects
export type { PartialObjectMetadata } from './meta/partial-object-metadata'
export { metadataListWatch } from './reflector/metadata'
export { type RowInclude, type RowOf, tableListWatch, type TableListWatchOptions } from './reflector/table'
export {
  type IncludedObject,
  type IncludeObject,
  listTable,
  type RowObject,
  type Table,
  type TableColumn,
  type TableOptions,
  type TableRow,
  type TableRowCondition,
} from './transport/table'

// From events to a store
export type { ListerWatcher } from './reflector/lister-watcher'
export { type EntryClient, ListWatch, type ListWatchOptions } from './reflector/list-watch'
export { Reflector, type ReflectorRunOptions } from './reflector/reflector'
export type { WhenSyncedOptions } from './reflector/when-synced'
export type { BackoffOptions } from './reflector/backoff'
export type {
  EntryChange,
  ReflectorEvent,
  ReflectorOptions,
  ReflectorState,
  ReflectorStatus,
  ReflectorStore,
  SyncSource,
} from './reflector/options'
export type { FailureKind } from './reflector/failure'
export type { Attempt, StepReason } from './reflector/state'
export type { Clock } from './internal/clock'
export type { Wake } from './internal/wake'

// Queues between the two, for who wants to take the changes himself
export type { Delta, KnownObjects, ObjectDelta, PopBatchOptions, PopOptions, Queue, QueueItem } from './queue/queue'
export { DeltaFIFO, type DeltaFIFOOptions } from './queue/delta-fifo'
export { InOrderFIFO, type InOrderFIFOOptions } from './queue/in-order-fifo'
export { applyItem, type ItemStore } from './queue/apply-item'

// The store, and how it outlives the page
export { Store } from './store/store'
export type { StoreChange, StoreUpdate } from './store/changes'
export { fieldIndex, type Indexers, Indexer, type IndexerOptions, type IndexFunc, type NamespaceIndex } from './store/indexer'
export { Lister, type ListerOptions, type ListerSource, type NamespaceLister } from './store/lister'
export { memoryPersister } from './persistence/memory'
export type {
  HydrationResult,
  PersistableStore,
  PersistenceStatus,
  StorePersistenceOptions,
  StorePersistenceStartOptions,
} from './persistence/persistence-options'
export type { Commit, LoadOptions, Persister, Scope, Snapshot, Step, StoredRecord } from './persistence/persister'
export { StorePersistence } from './persistence/store-persistence'

// Work to do, key by key
export { type GetOptions, WorkQueue, type WorkQueueOptions, type WorkQueueStats } from './workqueue/work-queue'
export { DelayingQueue, type DelayingQueueStats } from './workqueue/delaying-queue'
export { RateLimitingQueue, type RateLimitingQueueOptions } from './workqueue/rate-limiting-queue'
export {
  type BucketOptions,
  BucketRateLimiter,
  defaultControllerRateLimiter,
  ItemExponentialFailureRateLimiter,
  type ItemExponentialFailureOptions,
  ItemFastSlowRateLimiter,
  type ItemFastSlowOptions,
  MaxOfRateLimiter,
  type RateLimiter,
  WithMaxWaitRateLimiter,
} from './workqueue/rate-limiters'

// The everyday entry: a shared cache with handlers
export {
  createInformer,
  type InformerOptions,
  type MetadataInformerOptions,
  type PersistOptions,
  type TableInformerOptions,
} from './informer/create-informer'
export type { WorkerLike, WorkerSource } from './worker/place'
export { SharedInformer, type SharedInformerOptions } from './informer/shared-informer'
export type { Feed, FeedHost, InformerPersistence, InformerStatus, WaitForResourceVersionOptions } from './informer/feed'
export {
  type InformerIdentity,
  type InformerLease,
  SharedInformerFactory,
  type SharedInformerFactoryOptions,
  type SharedInformerRequest,
  type SharedInformerSelection,
} from './informer/factory'
export type { BacklogEvent, InformerEvent, PersisterEvent } from './informer/events'
export type { AddContext, ChangeHandler, EventHandler, HandlerOptions, HandlerRegistration } from './informer/handler'
export type { InformerChange } from './informer/notifications'
export type { ChangesOptions } from './informer/changes'
export type { Transform } from './informer/transform'
export type { WaitOptions } from './informer/wait'

// What a person sees of it: filtered, in order, a page at a time
export { createView, type View, type ViewOptions, type ViewSnapshot, type ViewSource } from './view/view'
export type { SortValue, ViewFilter, ViewQuery, ViewSearch, ViewSort, ViewWindow } from './view/query'

// From changes to work that is done
export { Controller, type ControllerOptions, type Reconcile, type ReconcileResult } from './controller/controller'
export { ownerKeys } from './controller/owner-keys'
export type { ControllerHandler, ControllerRegistration, ControllerSource, ControllerWatch } from './controller/source'
