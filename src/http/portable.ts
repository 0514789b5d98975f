import type { RequestSummary } from '../api/errors'
import type { Credentials } from './credentials'
import type { ServerWarning } from './warnings'

/** What a client in another thread is made of: plain data. */
export interface ClientSettings {
  readonly baseUrl: string
  /** Sent with every request: those of the client, and of impersonation. */
  readonly headers: readonly (readonly [string, string])[]
}

/** What a client in another thread needs to make the requests of this one. What is no data stays here, and is asked. */
export interface PortableClient extends ClientSettings {
  readonly credentials: Credentials
  readonly onWarning: ((warning: ServerWarning, request: RequestSummary) => void) | undefined
}
