// Opens WebSockets for a client.

import { checkPath } from '../api/path-segment'
import { abortable } from '../internal/abortable'
import { openSocket } from '../socket/open'
import type { Socket } from '../socket/socket'
import { checkHost } from './base-url'
import type { Attempt, StreamClient, UpgradeRequest } from './handshake'

/**
 * Opens a WebSocket for a client. Asks for another token once after a 401.
 *
 * Error messages leave the query out, because it can hold the arguments of a command.
 */
export async function upgrade(client: StreamClient, request: UpgradeRequest): Promise<Socket> {
  const { path, params, protocols, signal = new AbortController().signal } = request
  const { headers, credentials, open = openSocket } = client.handshake
  checkPath(path)
  checkHost(client.baseUrl)
  const target = `${client.baseUrl}/${path}${params ? `?${params}` : ''}`
  const url = /^https?:/i.test(target) ? target : new URL(target, globalThis.location.href).href
  const attempt: Attempt = (token) => {
    const own = new Headers(headers)
    if (token !== undefined) own.set('authorization', `Bearer ${token}`)
    // API servers serve a watch only to a WebSocket with an origin. Browsers send their own.
    if (!own.has('origin')) own.set('origin', new URL(url).origin)
    const opening = open({ url, protocols, headers: own, signal })
    // An injected function may ignore the abort.
    opening.then((late) => signal.aborted && 'close' in late && late.close()).catch(() => undefined)
    return abortable(opening, signal)
  }
  signal.throwIfAborted()
  let token: string | undefined
  let result: Socket | Response | undefined
  let cause: unknown
  try {
    token = await abortable(credentials.token(), signal)
    result = await attempt(token)
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof TypeError) throw error
    cause = error
  }
  if (result && 'protocol' in result && protocols.includes(result.protocol)) return result
  // Loaded on demand: most handshakes succeed.
  const { recover } = await import('./refusal')
  return recover({ result, cause, token }, { client, request: { ...request, signal }, attempt })
}
