// The entry kubeflect/live: lists and objects that start when they are shown, for components of any framework.

export type { LiveSelection } from './live/feeds'
export type { LiveList, LiveListReadable } from './live/list'
export { createLive, type ListRequest, type Live, type LiveOptions, type OwnerIdentity, type PollRequest } from './live/live'
export type { LiveObject, LiveObjectReadable, ObjectName } from './live/object'
export type { LiveProgress, LiveStatus } from './live/status'
