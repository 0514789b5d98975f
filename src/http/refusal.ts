// Recovers from a refused WebSocket, or finds out why it was refused.

import {
  type ApiError,
  type ApiErrorInit,
  apiErrorOf,
  ConnectionError,
  isApiError,
  isConnectionError,
  type RequestSummary,
} from '../api/errors'
import { abortable } from '../internal/abortable'
import type { Clock } from '../internal/clock'
import { type Redact, redactError, redactorOf } from '../internal/redact'
import { BEARER_PROTOCOL, type Socket } from '../socket/socket'
import { failureOf, redirectOf } from './failure'
import type { Attempt, StreamClient, UpgradeRequest } from './handshake'
import { secretsOf } from './header-value'
import type { Requester } from './requester'

/** Finds the subprotocol that carries a page's token. */
const BEARER = new RegExp(`\\b(${BEARER_PROTOCOL.replaceAll('.', '\\.')})[\\w-]+`, 'gi')
const BLOCKED = 'something between passes no WebSockets'

/** A handshake that did not lead to a usable socket. */
interface Outcome {
  /** The server's response, or a socket with an unknown subprotocol; undefined when the runtime hides the response. */
  readonly result: Socket | Response | undefined
  readonly cause: unknown
  /** The token that was sent. */
  readonly token: string | undefined
}

/** A request with its signal. */
type Request = UpgradeRequest & { readonly signal: AbortSignal }

/**
 * Asks for another token after a 401. Where the runtime hides why the handshake failed, plain requests of the same URL tell: an API server
 * checks rights and parameters before it requires an upgrade.
 *
 * @throws ApiError, ConnectionError; the signal's reason when it is aborted.
 */
export async function recover(
  { result, cause, token }: Outcome,
  { client, request, attempt }: { client: StreamClient; request: Request; attempt: Attempt },
): Promise<Socket> {
  const { headers, credentials, clock } = client.handshake
  const { path, protocols, signal } = request
  const summary: RequestSummary = { method: 'GET', url: `${client.baseUrl}/${path}` }
  const tokens = [token]
  const clean: Redact = (text) => redactorOf([...tokens, ...secretsOf(headers)])(text.replace(BEARER, '$1…'))
  const retry = (fresh: string | undefined) => {
    tokens.push(fresh)
    return attempt(fresh)
  }
  try {
    let last = result
    if (last === undefined) {
      await ask(client, request, summary)
      const fresh = await abortable(credentials.token(), signal)
      if (fresh === token)
        throw new ConnectionError(summary, { cause: redactError(cause, clean) }, `the server would accept this, but ${BLOCKED}`)
      last = await retry(fresh)
    } else if ('status' in last && last.status === 401) {
      const fresh = await abortable(credentials.replace(token), signal)
      if (fresh !== undefined) last = await retry(fresh)
    }
    if ('status' in last) throw await refusalOf(last, request.subresource, { request: summary, signal, clock, redact: clean })
    if (protocols.includes(last.protocol)) return last
    last.close()
    // A server may choose the subprotocol with the token.
    const chosen = last.protocol ? `the subprotocol ${clean(JSON.stringify(last.protocol))}` : 'no subprotocol'
    throw new ConnectionError(summary, undefined, `the server chose ${chosen} instead of ${protocols.join(' or ')}`)
  } catch (error) {
    signal.throwIfAborted()
    if (isApiError(error) || isConnectionError(error)) throw error
    throw new ConnectionError(summary, { cause: redactError(error, clean) })
  }
}

/**
 * Sends the request without an upgrade. Since Kubernetes 1.35 a stream needs the rights `get` and `create`, so both verbs are tried.
 *
 * @throws ApiError with the reason why the server refuses; nothing when it only misses the upgrade.
 */
async function ask(client: Requester, { path, params, subresource, signal }: Request, request: RequestSummary): Promise<void> {
  for (const method of subresource ? ['GET', 'POST'] : ['GET']) {
    let status: number
    try {
      const response = await client.request({ path, params, method, signal, ownPolicy: true })
      void response.body?.cancel().catch(() => undefined)
      status = response.status
    } catch (error) {
      if (isConnectionError(error)) throw new ConnectionError(request, { cause: error.cause })
      if (!isApiError(error)) throw error
      if (error.status === 400 && /upgrade request required/i.test(error.body?.message ?? '')) continue
      // Some gateways accept no POST.
      if (method === 'POST' && error.status !== 403) continue
      throw advised({ status: error.status, request, body: error.body, contentType: error.contentType }, subresource)
    }
    throw new ConnectionError(request, undefined, `answered ${status}: ${BLOCKED}`)
  }
}

/** Returns the error for the response to a handshake. */
async function refusalOf(
  response: Response,
  subresource: string | undefined,
  { request, ...options }: { request: RequestSummary; signal: AbortSignal; clock: Clock; redact: Redact },
): Promise<Error> {
  const redirect = redirectOf(response, request)
  if (redirect) return apiErrorOf(redirect)
  const failure = await failureOf(response, request, options)
  if (failure.status >= 400) return advised(failure, subresource)
  return new ConnectionError(request, undefined, `answered ${failure.status} instead of 101: ${BLOCKED}`)
}

/** Adds what the server leaves out: the message of its 403 for a missing `create` ends before the reason. */
function advised(failure: ApiErrorInit, subresource: string | undefined): ApiError {
  if (failure.status !== 403 || !subresource) return apiErrorOf(failure)
  const { body = {} } = failure
  const advice =
    body.kind === 'Status'
      ? `(a stream needs the rights "get" and "create" on pods/${subresource})`
      : "(kubectl proxy refuses exec and attach by default: start it with --reject-paths='^$')"
  return apiErrorOf({ ...failure, body: { ...body, message: `${body.message?.trim() ?? ''} ${advice}`.trim() } })
}
