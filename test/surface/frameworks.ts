// Type declarations of frameworks for the snippets of the documents.

/** The parts of frameworks that snippets of the documents import: their signatures, so that the snippets compile without the packages. */
export const FRAMEWORKS = `
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
