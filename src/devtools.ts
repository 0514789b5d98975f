// The entry kubeflect/devtools: an inspector of a page's feeds, and an element that shows it.

export { type DevtoolsDock, type DevtoolsElement, defineDevtools } from './devtools/element'
export type { InspectedChange } from './inspect/changes'
export type { FeedCounts, InspectedFeed } from './inspect/feed-record'
export { createInspector, type Inspector, type InspectorOptions } from './inspect/inspector'
export type { InspectorReport } from './inspect/report'
export type { InspectedEvent, InspectorSnapshot } from './inspect/snapshot'
export type { InspectedRequest } from './inspect/traffic'
