/** The parts of frameworks that snippets of the documents import: their signatures, so that the snippets compile without the packages. */
export const FRAMEWORKS = `
declare module 'react' {
  export function useSyncExternalStore<S>(subscribe: (listener: () => void) => () => void, snapshot: () => S, serverSnapshot?: () => S): S
  export function useEffect(effect: () => void | (() => void), dependencies?: readonly unknown[]): void
  export function useState<S>(): [S | undefined, (next: S) => void]
}
declare module 'vue' {
  export interface ShallowRef<T> { value: T }
  export function shallowRef<T>(value: T): ShallowRef<T>
  export function onScopeDispose(end: () => void): void
}
declare module 'svelte/store' {
  export interface Readable<T> { subscribe(run: (value: T) => void): () => void }
  export function readable<T>(value: T, start: (set: (value: T) => void) => () => void): Readable<T>
}
declare module 'next' {
  export interface NextConfig {
    compress?: boolean
    rewrites?(): Promise<{ source: string; destination: string }[]>
  }
}
declare module 'cloudflare:workers' {
  export abstract class DurableObject<Env = unknown> {
    constructor(ctx: DurableObjectState, env: Env)
    readonly ctx: DurableObjectState
    readonly env: Env
  }
}
interface DurableObjectState {
  readonly storage: import('kubeflect/sql').DurableObjectSqlStorage
}
interface Fetcher {
  fetch(request: Request): Promise<Response>
}
declare namespace JSX {
  type Element = object
  interface IntrinsicElements { [name: string]: object }
}
`
