// Declares the packages that the bench installs on its first run, because the compiler runs without them.

declare module '@kubernetes/client-node' {
  export interface V1Pod {
    readonly metadata?: { readonly name?: string; readonly namespace?: string }
  }
  export class CoreV1Api {
    listPodForAllNamespaces(): Promise<{ items: V1Pod[] }>
  }
  export class KubeConfig {
    loadFromClusterAndUser(cluster: { name: string; server: string; skipTLSVerify: boolean }, user: { name: string }): void
    makeApiClient<A>(api: new () => A): A
  }
  export interface Informer<T> {
    on(verb: 'add' | 'update', callback: (object: T) => void): void
    on(verb: 'error', callback: (error: unknown) => void): void
    start(): Promise<void>
    list(): readonly T[]
  }
  export function makeInformer<T>(config: KubeConfig, path: string, list: () => Promise<{ items: T[] }>): Informer<T>
}

declare module 'kubernetes-fluent-client' {
  export interface Pod {
    readonly metadata?: { readonly name?: string; readonly namespace?: string }
  }
  export const kind: { readonly Pod: new () => Pod }
  export function K8s<T>(model: new () => T): {
    Watch(callback: (object: T, phase: string) => void): { start(): Promise<unknown> }
  }
}

declare module 'vega' {
  export function parse(spec: object): object
  export class View {
    constructor(runtime: object, options: { renderer: 'none' })
    toSVG(): Promise<string>
    finalize(): void
  }
}

declare module 'vega-lite' {
  export function compile(spec: object): { spec: object }
}

declare module '@tanstack/query-core' {
  export class QueryClient {
    setQueryData<T>(key: readonly string[], update: (data: T | undefined) => T | undefined): void
    getQueryData<T>(key: readonly string[]): T | undefined
  }
  export class QueryObserver<T> {
    constructor(client: QueryClient, options: { queryKey: readonly string[]; queryFn: () => Promise<T>; staleTime: number })
    subscribe(listener: () => void): () => void
    getCurrentResult(): { readonly data: T | undefined }
  }
}
