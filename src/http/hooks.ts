// Functions that run around every request of a client.

/** A value or a promise of it. */
type Awaitable<V> = V | Promise<V>

/** Functions that run around every request of a client, in the order of their arrays. An error thrown by one fails the request. */
export interface RequestHooks {
  /** Called before a request is sent. Return another `Request` to send that one, or a `Response` to send nothing. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a hook that returns nothing is a function of type void.
  beforeRequest?: ((state: { readonly request: Request }) => Awaitable<Request | Response | void>)[]
  /** Called with each response. Return another `Response` to replace it. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a hook that returns nothing is a function of type void.
  afterResponse?: ((state: { readonly request: Request; readonly response: Response }) => Awaitable<Response | void>)[]
}
