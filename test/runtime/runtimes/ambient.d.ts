// What the runtimes have and the type checker does not know: as much of it as the matrix uses.

declare module 'bun:sqlite' {
  export class Database {
    constructor(file: string)
    exec(sql: string): unknown
    prepare(sql: string): { run(...parameters: unknown[]): unknown; all(...parameters: unknown[]): unknown[] }
    close(): void
  }
}

declare module 'cloudflare:workers' {
  export abstract class DurableObject<Storage> {
    protected readonly ctx: { readonly storage: Storage }
    fetch(request: Request): Promise<Response>
  }
}

declare const Deno: {
  readonly args: readonly string[]
  openKv(file: string): Promise<import('kubeflect/deno-kv').DenoKv & { close(): void }>
}
