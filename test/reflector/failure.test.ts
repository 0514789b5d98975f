import { describe, expect, it } from 'vitest'
import { SchemaError } from '../../src/api/check'
import { ApiError, ConnectionError, ExpiredError, ParseError, WatchError } from '../../src/api/errors'
import type { Status } from '../../src/api/object'
import { classify, type FailureKind } from '../../src/reflector/failure'

const request = { method: 'GET', url: 'http://kube.test/api/v1/pods' }
const answer = (status: number, body: Status | undefined = { kind: 'Status', code: status }, retryAfterMs?: number) =>
  new ApiError({ status, request, body, retryAfterMs })
const event = (status: Status) => new WatchError('the server ended the watch', { status: { kind: 'Status', ...status } })

const tooLarge: Status = {
  kind: 'Status',
  code: 504,
  reason: 'Timeout',
  details: { causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }], retryAfterSeconds: 1 },
}

describe('what a failure means', () => {
  it.each<[string, unknown, FailureKind]>([
    ['HTTP 410', new ExpiredError({ status: 410, request }), 'expired'],
    ['[watch/410-gone] an ERROR event with code 410', event({ code: 410, reason: 'Expired' }), 'expired'],
    ['[watch/410-gone] an ERROR event with reason Expired alone', event({ reason: 'Expired' }), 'expired'],
    ['[watch/410-gone] an ERROR event with reason Gone, as older servers say it', event({ code: 410, reason: 'Gone' }), 'expired'],
    ['[list/version-too-large] HTTP 504 with cause ResourceVersionTooLarge', answer(504, tooLarge), 'too-large'],
    ['[list/version-too-large] the same in the stream', event(tooLarge), 'too-large'],
    [
      '4. HTTP 504 with nothing but the message of servers before 1.17',
      answer(504, { kind: 'Status', code: 504, message: 'Timeout: Too large resource version: 100, current: 50' }),
      'too-large',
    ],
    [
      '4. the message among the causes',
      answer(504, { kind: 'Status', code: 504, details: { causes: [{ message: 'Too large resource version' }] } }),
      'too-large',
    ],
    ['another HTTP 504', answer(504), 'server'],
    [
      'the message on another status',
      answer(500, { kind: 'Status', code: 500, message: 'Too large resource version: 100, current: 50' }),
      'server',
    ],
    ['[watch/refused] HTTP 429', answer(429), 'throttled'],
    [
      '[watch/refused] HTTP 429 as plain text, from a server that shuts down',
      answer(429, { message: 'apiserver is shutting down' }),
      'throttled',
    ],
    ['[watch/in-stream-status] an ERROR event with code 429', event({ code: 429, reason: 'TooManyRequests' }), 'throttled'],
    ['HTTP 500', answer(500), 'server'],
    ['HTTP 503', answer(503), 'server'],
    ['[watch/in-stream-status] an ERROR event with code 500', event({ code: 500, reason: 'InternalError' }), 'server'],
    ['[watch/in-stream-status] an ERROR event whose Status says nothing', event({}), 'server'],
    ['a gateway’s HTML with status 502', answer(502, { message: '<html>' }), 'connection'],
    ['a gateway’s empty answer with status 504', new ApiError({ status: 504, request }), 'connection'],
    ['[feed/denied] HTTP 401', answer(401), 'unauthorized'],
    ['a redirect, as to a login page', answer(302, { message: 'redirected' }), 'unauthorized'],
    ['a redirect that a browser hides', answer(0, { message: 'redirected' }), 'unauthorized'],
    ['a failure whose Status has the code 0', answer(0, { kind: 'Status', code: 0 }), 'server'],
    ['[feed/denied] HTTP 403', answer(403), 'denied'],
    ['[feed/denied] HTTP 404', answer(404), 'gone'],
    ['[stream/refused] HTTP 400', answer(400), 'refused'],
    ['[stream/refused] HTTP 422', answer(422), 'refused'],
    ['HTTP 406', answer(406), 'refused'],
    ['[watch/refused] a lost connection', new ConnectionError(request), 'connection'],
    ['[wire/malformed] text that is no event', new ParseError('no', 'text'), 'malformed'],
    ['[wire/malformed] an unknown event type, or a line that is too long', new WatchError('unknown'), 'malformed'],
    ['an object that does not fit its schema', new SchemaError([]), 'server'],
    ['an error of a source of somebody’s own', new Error('x'), 'server'],
    ['anything at all', undefined, 'server'],
  ])('%s is recognised by its kind', (_what, error, kind) => {
    expect(classify(error)).toMatchObject({ kind, error })
  })

  it.each([
    ['the header', answer(429, undefined, 3000), 3000],
    ['[watch/in-stream-status] the Status of an event', event({ code: 429, details: { retryAfterSeconds: 5 } }), 5000],
    ['nobody', event({ code: 429 }), undefined],
    ['a lost connection', new ConnectionError(request), undefined],
  ])('takes the retry time from %s', (_who, error, retryAfterMs) => {
    expect(classify(error).retryAfterMs).toBe(retryAfterMs)
  })
})
