// Reads responses that are one JSON object, and requests objects.

import { checkSchema } from '../api/check'
import { apiErrorOf, isParseError, isWatchError, ParseError, type RequestSummary, WatchError } from '../api/errors'
import type { KubeObject, Status } from '../api/object'
import type { Resource } from '../api/resource'
import { asStatus } from '../codec/envelopes'
import { parseJson } from '../codec/json'
import { type ReadTextOptions, readText } from './body'
import { describeResponse, retryAfterOf } from './failure'
import type { RawRequest, Requester } from './requester'

/**
 * Reads a response's whole body as one JSON object. Does not check its content.
 *
 * @throws ParseError for anything else, naming the response; ApiError for a Status that says `Failure`, whatever the HTTP status; KubeError
 *   when the body exceeds the maximum; ConnectionError when the connection breaks; the signal's reason when it is aborted.
 */
export async function readJson<T>(response: Response, request: RequestSummary, options: ReadTextOptions): Promise<T> {
  const text = await readText(response, request, options)
  return parseAnswer<T>(text, response, request)
}

function parseAnswer<T>(text: string, response: Response, request: RequestSummary): T {
  let value: unknown
  try {
    value = parseJson(text)
  } catch (cause) {
    throw new ParseError(`${describeResponse(response, request)}: the answer is not JSON`, text, { cause })
  }
  if (typeof value !== 'object' || value === null) {
    throw new ParseError(`${describeResponse(response, request)}: the answer is not an object`, text)
  }
  throwIfFailure(value, request)
  return value as T
}

/**
 * Throws for a failure that was sent with HTTP status 200, as some proxies and aggregated servers do.
 *
 * @throws ApiError when the value is a Status that says `Failure`. Its status is the code of the Status, or 500 without one.
 */
export function throwIfFailure(value: unknown, request: RequestSummary): void {
  const status = asStatus(value)
  if (status?.status === 'Failure') throw refusalOf(status, request)
}

function refusalOf(body: Status, request: RequestSummary) {
  return apiErrorOf({ status: body.code ?? 500, request, body, retryAfterMs: retryAfterOf(body) })
}

/**
 * Adds the response to the error of a pure parser.
 *
 * @returns a ParseError or WatchError that names the response; an ApiError when the error carries a Status that was sent in place of
 *   events; any other error unchanged.
 */
export function locate(error: unknown, response: Response, request: RequestSummary): unknown {
  if (isWatchError(error)) {
    return error.status
      ? refusalOf(error.status, request)
      : new WatchError(`${describeResponse(response, request)}: ${error.message}`, { cause: error })
  }
  // The constructor appends the excerpt to the message.
  if (isParseError(error)) {
    const { message, excerpt } = error
    return new ParseError(`${describeResponse(response, request)}: ${message.slice(0, -`: ${excerpt}`.length)}`, excerpt, { cause: error })
  }
  return error
}

/** Sends a request whose response is one JSON object. @throws as `KubeReader.request` and {@link readJson}. */
export async function requestJson<T>(client: Requester, request: RawRequest): Promise<T> {
  const { method = 'GET', path } = request
  return readJson<T>(await client.request(request), { method, url: `${client.baseUrl}/${path}` }, request)
}

/** Sends a request whose response is an object of a resource, or a Status, Scale or list, to which the resource's schema does not apply. */
export async function requestObject<T>(client: Requester, resource: Resource, request: RawRequest): Promise<T> {
  return (await requestObjectAndText<T>(client, resource, request)).object
}

/** Sends a request as {@link requestObject} does, and also returns the text from which the object was parsed. */
export async function requestObjectAndText<T>(
  client: Requester,
  resource: Resource,
  request: RawRequest,
): Promise<{ readonly object: T; readonly text: string }> {
  const { method = 'GET', path } = request
  const summary = { method, url: `${client.baseUrl}/${path}` }
  const response = await client.request(request)
  const text = await readText(response, summary, request)
  const object = parseAnswer<KubeObject>(text, response, summary)
  if ((object.kind ?? resource.kind) === resource.kind) checkSchema(resource.schema, object)
  return { object: object as T, text }
}
