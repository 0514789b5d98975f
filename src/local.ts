// Subpath `kubeflect/local`: forwards ports of this machine, in Node, Deno and Bun.

export { type ForwardedConnection, type ForwardedPort, type ForwardPortOptions, forwardPort } from './local/forward-port'
export type { ForwardTarget } from './local/target'
