// The parts of a relay on Cloudflare, and how requests name them.

/** The header that names the part for which a request is meant. The Worker sets it, so a client cannot. */
const PART = 'kubeflect-relay-part'

/** The receiver of a request: the root or a leaf for a client, or the root for a leaf's own reads. */
export type Part = 'root' | 'leaf' | 'feed'

/** The name of the Durable Object that watches the API server. */
export const ROOT_NAME = 'root'

/** The used part of a Durable Object namespace binding. */
export interface RelayNamespace {
  idFromName(name: string): unknown
  get(id: unknown): { fetch(request: Request): Promise<Response> }
}

/** Returns the request for a part. Replaces what the client may have named. */
export function addressed(request: Request, part: Part): Request {
  const headers = new Headers(request.headers)
  headers.set(PART, part)
  return new Request(request, { headers })
}

/** Returns the part that a request names, and the request without that name. */
export function partOf(request: Request): { part: Part; request: Request } {
  const headers = new Headers(request.headers)
  const part = headers.get(PART)
  headers.delete(PART)
  return { part: part === 'leaf' || part === 'feed' ? part : 'root', request: new Request(request, { headers }) }
}
