// The messages between a page and the Worker that serves it a cluster.

/** From the page. Ids are unique among the requests of a port. */
export type PageMessage =
  | {
      readonly type: 'request'
      readonly id: number
      /** The path and the query. */
      readonly path: string
      readonly method: string
      readonly headers: readonly (readonly [string, string])[]
      readonly body: string | undefined
    }
  | { readonly type: 'abort'; readonly id: number }
  /** The page goes away. */
  | { readonly type: 'leave' }

/** From the Worker. */
export type WorkerMessage =
  | { readonly type: 'response'; readonly id: number; readonly status: number; readonly headers: readonly (readonly [string, string])[] }
  | { readonly type: 'chunk'; readonly id: number; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly type: 'end'; readonly id: number }
  /** The request failed, or its connection broke. */
  | { readonly type: 'error'; readonly id: number; readonly message: string }

/** The used part of a `MessagePort`. */
export interface Port {
  postMessage(message: unknown, transfer: Transferable[]): void
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void
}
