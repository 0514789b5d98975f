// A client as data, so that another thread can make its requests.

import type { RequestSummary } from '../api/errors'
import type { Credentials } from './credentials'
import type { ServerWarning } from './warnings'
import type { WatchOverSettings } from './watch-over'

/** The settings of a client in another thread: plain data. */
export interface ClientSettings {
  readonly baseUrl: string
  /** The headers of every request, including those of impersonation. */
  readonly headers: readonly (readonly [string, string])[]
  readonly watchOver?: WatchOverSettings | undefined
}

/**
 * Everything that a client in another thread needs to make this client's requests. Functions stay in this thread, which answers for them.
 */
export interface PortableClient extends ClientSettings {
  readonly credentials: Credentials
  readonly onWarning: ((warning: ServerWarning, request: RequestSummary) => void) | undefined
}
