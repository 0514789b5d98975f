import type { RequestSummary } from '../errors'
import { isResourceVersion } from '../meta/resource-version'
import { isSelectorError } from '../meta/selectors'
import type { ListOptions, WatchOptions } from '../meta/wire'
import { type ContinueToken, decodeContinue } from './continue-token'
import { badRequest, errorOf, type FieldFailure, invalid, type WireStatus } from './failures'
import { createMatcher, type Matcher, type MatcherOptions } from './matcher'

/** Which state a list is to show. */
export type ListAt =
  | { readonly type: 'current' }
  | { readonly type: 'notOlderThan' | 'exact'; readonly resourceVersion: string }
  | { readonly type: 'continue'; readonly token: ContinueToken }

/** The options of a LIST, understood. */
export interface ListQuery {
  readonly matcher: Matcher
  /** 0: no limit. */
  readonly limit: number
  readonly at: ListAt
}

/** The options of a WATCH, understood. */
export interface WatchQuery {
  readonly matcher: Matcher
  /** What comes before the changes: nothing, the state as additions, or the same ended by an annotated bookmark. */
  readonly initialEvents: 'none' | 'state' | 'streamed-list'
  /** The empty string: from now on. */
  readonly resourceVersion: string
  readonly bookmarks: boolean
  readonly timeoutMs: number | undefined
}

/**
 * Understands the options of a LIST as kube-apiserver does.
 *
 * @throws ApiError 400 or 422.
 * @see apimachinery `validation.ValidateListOptions`, apiserver `storage.ValidateListOptions`
 */
export function listQuery(options: ListOptions & MatcherOptions, request: RequestSummary): ListQuery {
  const { limit = 0, resourceVersion = '', resourceVersionMatch, continue: token = '' } = options
  const problems: FieldFailure[] = []
  if (resourceVersionMatch !== undefined) {
    if (resourceVersion === '')
      problems.push(forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided'))
    if (token !== '') problems.push(forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'))
    if (!['Exact', 'NotOlderThan'].includes(resourceVersionMatch))
      problems.push(unsupported(resourceVersionMatch, '"Exact", "NotOlderThan", ""'))
    if (resourceVersionMatch === 'Exact' && resourceVersion === '0') {
      problems.push(forbidden('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'))
    }
  }
  refuse(problems, request)
  const matcher = matcherOf(options, request)
  if (token !== '') {
    const decoded = decodeContinue(token)
    if (!decoded) throw errorOf(badRequest('invalid continue token: continue key is not valid'), request)
    if (resourceVersion !== '' && resourceVersion !== '0')
      throw errorOf(badRequest('specifying resource version is not allowed when using continue'), request)
    return { matcher, limit, at: { type: 'continue', token: decoded } }
  }
  if (resourceVersion !== '' && !isResourceVersion(resourceVersion))
    throw errorOf(badVersion('invalid resource version: ', resourceVersion), request)
  // From "0" everything comes in one answer, as from an API server's watch cache.
  if (resourceVersion === '' || resourceVersion === '0')
    return { matcher, limit: resourceVersion === '0' ? 0 : limit, at: { type: 'current' } }
  // A limit beside a bare resourceVersion has meant this since before resourceVersionMatch existed.
  const exact = resourceVersionMatch === 'Exact' || (resourceVersionMatch === undefined && limit > 0)
  return { matcher, limit, at: { type: exact ? 'exact' : 'notOlderThan', resourceVersion } }
}

/**
 * Understands the options of a WATCH as kube-apiserver does.
 *
 * @throws ApiError 400 or 422.
 */
export function watchQuery(options: WatchOptions & MatcherOptions, request: RequestSummary): WatchQuery {
  const { resourceVersion = '', resourceVersionMatch, sendInitialEvents, allowWatchBookmarks = false, timeoutSeconds = 0 } = options
  const problems: FieldFailure[] = []
  if (sendInitialEvents !== undefined && resourceVersionMatch !== 'NotOlderThan') {
    problems.push(forbidden('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'))
  }
  if (resourceVersionMatch !== undefined) {
    if (sendInitialEvents === undefined)
      problems.push(forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'))
    if (resourceVersionMatch !== 'NotOlderThan') problems.push(unsupported(resourceVersionMatch, '"NotOlderThan"'))
  }
  refuse(problems, request)
  const matcher = matcherOf(options, request)
  if (resourceVersion !== '' && !isResourceVersion(resourceVersion)) throw errorOf(badVersion('', resourceVersion), request)
  const from = resourceVersion === '0' ? '' : resourceVersion
  return {
    matcher,
    initialEvents: sendInitialEvents ? 'streamed-list' : sendInitialEvents === undefined && from === '' ? 'state' : 'none',
    resourceVersion: from,
    bookmarks: allowWatchBookmarks,
    timeoutMs: timeoutSeconds > 0 ? timeoutSeconds * 1000 : undefined,
  }
}

function matcherOf(options: MatcherOptions, request: RequestSummary): Matcher {
  try {
    return createMatcher(options)
  } catch (error) {
    throw isSelectorError(error) ? errorOf(badRequest(`unable to parse requirement: ${error.message}`), request) : error
  }
}

function refuse(problems: readonly FieldFailure[], request: RequestSummary): void {
  if (problems.length > 0) throw errorOf(invalid({ kind: 'ListOptions', group: 'meta.k8s.io', name: '' }, problems), request)
}

const forbidden = (field: string, problem: string): FieldFailure => ({
  reason: 'FieldValueForbidden',
  field,
  message: `Forbidden: ${problem}`,
})

const unsupported = (value: string, supported: string): FieldFailure => ({
  reason: 'FieldValueNotSupported',
  field: 'resourceVersionMatch',
  message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${supported}`,
})

const badVersion = (prefix: string, resourceVersion: string): WireStatus =>
  badRequest(`${prefix}resourceVersion: Invalid value: ${JSON.stringify(resourceVersion)}: expected a decimal number`)
