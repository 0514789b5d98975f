// Reads request bodies and negotiates media types. Only JSON is supported, as for custom resources, which have no protobuf form.

import type { KubeObject } from '../api/object'
import { badRequest, errorOf, failure, type WireStatus } from '../watch-cache/failures'
import { isJsonObject } from './json'

const JSON_TYPE = 'application/json'

/** Returns the media type of a request's body without parameters; the empty string when the request has none. */
export const mediaTypeOf = ({ headers }: Request): string =>
  (headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''

/** Creates the error of a request that is answered with a Status. */
export const answer = (status: WireStatus, { method, url }: Request): Error => errorOf(status, { method, url })

/** Returns the Status of a 415, with kube-apiserver's wording. */
export const unsupportedMediaType = (accepted: readonly string[]): WireStatus =>
  failure(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  )

/** Returns the Status of a 406, with kube-apiserver's wording. */
export const notAcceptable = (): WireStatus => failure(406, 'NotAcceptable', `only the following media types are accepted: ${JSON_TYPE}`)

/** Whether a client accepts JSON; one that asks for protobuf alone does not. */
export function acceptsJson({ headers }: Request): boolean {
  const accept = headers.get('accept') || '*/*'
  return accept.split(',').some((range) => ['*/*', 'application/*', JSON_TYPE].includes(range.split(';', 1)[0]?.trim() ?? ''))
}

/** Reads the object in a request body. @throws ApiError 400 or 415 */
export async function readObject(request: Request, ...moreTypes: readonly string[]): Promise<KubeObject> {
  checkMediaType(request, ...moreTypes)
  return asObject(await readJson(request), request)
}

/** Checks the media type; a body without one counts as JSON. @throws ApiError 415 */
export function checkMediaType(request: Request, ...moreTypes: readonly string[]): void {
  if (!['', JSON_TYPE, ...moreTypes].includes(mediaTypeOf(request))) throw answer(unsupportedMediaType([JSON_TYPE]), request)
}

/** Returns a value as an object with metadata. @throws ApiError 400 */
export function asObject(value: unknown, request: Request): KubeObject {
  if (!isJsonObject(value)) throw answer(badRequest('the body of the request is not an object'), request)
  return { ...value, metadata: isJsonObject(value.metadata) ? value.metadata : {} }
}

/** Reads a body as JSON. @throws ApiError 400 */
export async function readJson(request: Request): Promise<unknown> {
  return parseJson(await request.text(), request)
}

/** Parses a body. @throws ApiError 400 */
export function parseJson(text: string, request: Request): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw answer(
      badRequest(`the body of the request is not JSON, the only format that the fake API server supports: ${(cause as Error).message}`),
      request,
    )
  }
}
