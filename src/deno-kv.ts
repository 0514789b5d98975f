// The entry `kubeflect/deno-kv`: persistence in Deno KV.

export { type DenoKv, type DenoKvAtomic, denoKvPersister } from './persistence/deno-kv/deno-kv-persister'
export type { KvKey as DenoKvKey } from './persistence/deno-kv/layout'
