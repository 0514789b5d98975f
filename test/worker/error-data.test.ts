// Errors keep their class and fields across the Worker boundary.

import { expect, test } from 'vitest'
import {
  ApiError,
  ConflictError,
  ConnectionError,
  ExpiredError,
  KubeError,
  ParseError,
  PersistenceError,
  WatchError,
} from '../../src/api/errors'
import { classify } from '../../src/reflector/failure'
import { errorFromData, errorToData } from '../../src/worker/error-data'

const request = { method: 'GET', url: 'http://kubernetes.test/api/v1/pods' }
const cause = new TypeError('fetch failed')

const errors: readonly Error[] = [
  new ApiError({ status: 504, request, body: { kind: 'Status', code: 504, message: 'Too large resource version: 9' }, retryAfterMs: 1000 }),
  new ApiError({ status: 500, request, cause }),
  new ExpiredError({ status: 410, request, body: { kind: 'Status', code: 410, reason: 'Expired' } }),
  new ConflictError({ status: 409, request, body: { kind: 'Status', code: 409, reason: 'Conflict', message: 'changed' } }),
  new ConnectionError(request, { cause }),
  new ConnectionError(request),
  new WatchError('the server ended the watch', { status: { code: 410, reason: 'Gone' } }),
  new WatchError('nothing came'),
  new ParseError('not a JSON object', 'short'),
  new ParseError('not a JSON object', 'x'.repeat(500), { cause: new SyntaxError('at 3') }),
  new PersistenceError('quota', 'no space', { cause: new ParseError('a', 'b') }),
  new KubeError('something else'),
  new RangeError('not ours'),
]

/** Returns all fields of an error and of its causes. The class is compared only for errors of the library; others lose it. */
function fieldsOf(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { name, message, cause } = error
  return { ...error, name, message, cause: fieldsOf(cause), class: error instanceof KubeError && error.constructor }
}

test.each(errors.map((error) => [`${error.name}: ${error.message.slice(0, 60)}`, error] as const))(
  'an error keeps its class, fields and causes when it crosses the Worker boundary: %s',
  (_, error) => {
    const crossed = errorFromData(structuredClone(errorToData(error)))
    expect(fieldsOf(crossed)).toEqual(fieldsOf(error))
    expect(classify(crossed).kind).toBe(classify(error).kind)
  },
)

test('a thrown value that is not an error crosses the Worker boundary as one', () => {
  expect(fieldsOf(errorFromData(errorToData('a string')))).toEqual(fieldsOf(new Error('a string')))
})
