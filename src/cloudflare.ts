// The entry `kubeflect/cloudflare`: a relay in Durable Objects.

export type { RelayNamespace } from './cloudflare/parts'
export { RelayObject, type RelayObjectOptions, type RelayObjectState } from './cloudflare/relay-object'
export { type SqlLogOptions, sqlLogPersister } from './cloudflare/sql-log'
export { type RelayWorker, type RelayWorkerOptions, relayWorker } from './cloudflare/worker'
