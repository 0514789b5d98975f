import { describe, expect, it } from 'vitest'
import * as errors from '../../src/api/errors'

const request = { method: 'GET', url: 'http://kube.test/api/v1/pods' }
const samples = {
  ApiError: new errors.ApiError({ status: 500, request }),
  ConflictError: new errors.ConflictError({ status: 409, request }),
  ExpiredError: new errors.ExpiredError({ status: 410, request }),
  ConnectionError: new errors.ConnectionError(request),
  WatchError: new errors.WatchError('x'),
  ParseError: new errors.ParseError('x', 'text'),
  PersistenceError: new errors.PersistenceError('quota', 'x'),
}
const guards = {
  KubeError: errors.isKubeError,
  ApiError: errors.isApiError,
  ConflictError: errors.isConflictError,
  ExpiredError: errors.isExpiredError,
  ConnectionError: errors.isConnectionError,
  WatchError: errors.isWatchError,
  ParseError: errors.isParseError,
  PersistenceError: errors.isPersistenceError,
}

describe('the guards', () => {
  it.each(Object.entries(samples))('the guards recognise an %s, and nothing else', (name, error) => {
    const expected = ['KubeError', ...(['ConflictError', 'ExpiredError'].includes(name) ? ['ApiError'] : []), name].sort()
    const known = Object.entries(guards).filter(([, is]) => is(error))
    expect(known.map(([guard]) => guard).sort()).toEqual(expected)
    expect(error.name).toBe(name)
  })

  it('the guards recognise an error of another copy of the package', () => {
    const foreign = Object.assign(new Error('x'), { '~kubeflect': ['ExpiredError', 'ApiError', 'KubeError'] })
    expect(errors.isExpiredError(foreign)).toBe(true)
    expect(errors.isParseError(foreign)).toBe(false)
  })

  it.each([
    undefined,
    null,
    'ApiError',
    new Error('x'),
    { '~kubeflect': ['ApiError'] },
    Object.assign(new Error('x'), { '~kubeflect': 'ApiError' }),
  ])('the guards reject other values: %o', (value) => {
    expect(Object.values(guards).some((is) => is(value))).toBe(false)
  })
})
