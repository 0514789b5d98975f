/** A value now or later. */
type Awaitable<V> = V | Promise<V>

/** Functions that run around every request of a client, in the order of their arrays. What one throws fails the request. */
export interface RequestHooks {
  /** Called before a request is sent. Return another `Request` to send that, or a `Response` to send nothing. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a hook that returns nothing is a function of type void.
  beforeRequest?: ((state: { readonly request: Request }) => Awaitable<Request | Response | void>)[]
  /** Called with each response. Return another `Response` to take its place. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a hook that returns nothing is a function of type void.
  afterResponse?: ((state: { readonly request: Request; readonly response: Response }) => Awaitable<Response | void>)[]
}
