import { ParseError, type RequestSummary } from '../errors'
import type { RequestOptions } from '../meta/wire'
import { readText } from './body'

/**
 * Reads a response's whole body as one JSON object; what is in it is not checked.
 *
 * @param request.url what a ParseError names.
 * @throws ParseError when it is none; ConnectionError when the connection breaks; the signal's reason when it is aborted.
 */
export async function readJson<T>(response: Response, request: RequestSummary, options: RequestOptions): Promise<T> {
  const text = await readText(response, request, options)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new ParseError(`${request.url}: the answer is not JSON`, text, { cause })
  }
  if (typeof value !== 'object' || value === null) throw new ParseError(`${request.url}: the answer is not an object`, text)
  return value as T
}
