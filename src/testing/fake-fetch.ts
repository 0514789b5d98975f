// The signature of a fake server's `fetch`, and the request of a call.

/** The `fetch` of a fake server, for clients and for `Deno.serve` and `Bun.serve`. */
export interface FakeFetch {
  (input: Request | URL | string, init?: RequestInit): Promise<Response>
  /** @param info the runtime's connection information; ignored. */
  (request: Request, info: object): Promise<Response>
}

/** Returns the request of a {@link FakeFetch} call. */
export function requestOf(input: Request | URL | string, init: RequestInit | object | undefined): Request {
  return input instanceof Request && !isRequestInit(init) ? input : new Request(input, init)
}

function isRequestInit(value: RequestInit | object | undefined): boolean {
  return value !== undefined && ['method', 'headers', 'body', 'signal'].some((member) => member in value)
}
