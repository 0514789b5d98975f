// The entry kubeflect/live: lists and objects that start when they are shown, and the past and the owners of what a page shows.

export type { LiveSelection } from './live/feeds'
export type { FeedInspector, InspectableFeed } from './live/inspect'
export type { LiveList, LiveListReadable } from './live/list'
export { createLive, type ListRequest, type Live, type LiveOptions, type OwnerIdentity, type PollRequest } from './live/live'
export type { LiveObject, LiveObjectReadable, ObjectName } from './live/object'
export type { LiveProgress, LiveStatus } from './live/status'
export { type Difference, diff, pathText } from './view/diff'
// Managers of fields, and owners of objects
export { type FieldOwner, ownersAt, ownersOf } from './view/field-owners'
// The past of a store, and what changed in it
export { createHistory, type History, type HistoryOptions, type HistoryRange, type HistoryStep } from './view/history'
export {
  createOwnerGraph,
  type OwnerGraph,
  type OwnerGraphOptions,
  type OwnerGraphSnapshot,
  type OwnerGraphSource,
} from './view/owner-graph'
export type { OwnerNode } from './view/owner-nodes'
export type { HistoryChange, HistoryState } from './view/past-state'
