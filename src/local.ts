// Subpath `kubeflect/local`: forwards ports of this machine and copies files, in Node, Deno and Bun.

export { type CopyOptions, type CopyResult, copyFrom, copyTo } from './local/copy'
export type { SkippedEntry } from './local/extraction'
export { type ForwardedConnection, type ForwardedPort, type ForwardPortOptions, forwardPort } from './local/forward-port'
export type { ForwardTarget } from './local/target'
