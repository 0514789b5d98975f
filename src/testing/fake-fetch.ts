/** The `fetch` of a fake server, as clients call it and as `Deno.serve` and `Bun.serve` do. */
export interface FakeFetch {
  (input: Request | URL | string, init?: RequestInit): Promise<Response>
  /** @param info what a runtime's server knows beside the request; ignored. */
  (request: Request, info: object): Promise<Response>
}

/** The request of a call of {@link FakeFetch}. */
export function requestOf(input: Request | URL | string, init: RequestInit | object | undefined): Request {
  return input instanceof Request && !isRequestInit(init) ? input : new Request(input, init)
}

function isRequestInit(value: RequestInit | object | undefined): boolean {
  return value !== undefined && ['method', 'headers', 'body', 'signal'].some((member) => member in value)
}
