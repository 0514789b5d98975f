// The entry `kubeflect/tabs`: one feed for all tabs of a browser.

export { ClearedError, isClearedError } from './tabs/cleared-error'
export { type ForgetOptions, forget } from './tabs/forget'
export type { Identity } from './tabs/identity'
export type { LeaderWorkerLike } from './tabs/leader'
export type { SharedWorkerLike } from './tabs/platform'
export { type SharedByTabsOptions, sharedByTabs } from './tabs/shared-by-tabs'
