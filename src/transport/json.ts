import { ParseError, type RequestSummary } from '../errors'
import { checkSchema } from '../meta/check'
import type { KubeObject } from '../meta/object'
import type { Resource } from '../meta/resource'
import type { RequestOptions } from '../meta/wire'
import { readText } from './body'
import type { RawRequest, Requester } from './requester'

/**
 * Reads a response's whole body as one JSON object; what is in it is not checked.
 *
 * @param request.url what a ParseError names.
 * @throws ParseError when it is none; ConnectionError when the connection breaks; the signal's reason when it is aborted.
 */
export async function readJson<T>(response: Response, request: RequestSummary, options: RequestOptions): Promise<T> {
  return parseJson<T>(await readText(response, request, options), request)
}

function parseJson<T>(text: string, request: RequestSummary): T {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new ParseError(`${request.url}: the answer is not JSON`, text, { cause })
  }
  if (typeof value !== 'object' || value === null) throw new ParseError(`${request.url}: the answer is not an object`, text)
  return value as T
}

/** Sends a request whose answer is one JSON object. @throws as `KubeReader.request`, and {@link readJson}. */
export async function requestJson<T>(client: Requester, request: RawRequest): Promise<T> {
  const { method = 'GET', path } = request
  return readJson<T>(await client.request(request), { method, url: `${client.baseUrl}/${path}` }, request)
}

/** Sends a request whose answer is an object of a resource, or a Status, a Scale or a list, which the resource's schema is not about. */
export async function requestObject<T>(client: Requester, resource: Resource, request: RawRequest): Promise<T> {
  return (await requestObjectAndText<T>(client, resource, request)).object
}

/** As {@link requestObject}, and the text that the object was parsed from. */
export async function requestObjectAndText<T>(
  client: Requester,
  resource: Resource,
  request: RawRequest,
): Promise<{ readonly object: T; readonly text: string }> {
  const { method = 'GET', path } = request
  const summary = { method, url: `${client.baseUrl}/${path}` }
  const text = await readText(await client.request(request), summary, request)
  const object = parseJson<KubeObject>(text, summary)
  if ((object.kind ?? resource.kind) === resource.kind) checkSchema(resource.schema, object)
  return { object: object as T, text }
}
