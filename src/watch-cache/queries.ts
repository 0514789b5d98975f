// Validates the options of LIST and WATCH requests with kube-apiserver's rules.

import type { RequestSummary } from '../api/errors'
import type { ListOptions, WatchOptions } from '../api/options'
import type { Resource } from '../api/resource'
import { isSelectorError } from '../api/selectors'
import { type ContinueToken, decodeContinue } from './continue-token'
import { badRequest, errorOf, type FieldFailure, invalid, type WireStatus } from './failures'
import { createMatcher, type FieldLabels, type Matcher, type MatcherOptions } from './matcher'

/** Options of a LIST or a WATCH. On the wire both share one set, and each forbids some of them. */
export type ReadOptions = ListOptions & WatchOptions & MatcherOptions

/** The properties of a collection that validation depends on. */
export interface QueryRules {
  readonly resource: Pick<Resource, 'scope'>
  readonly fieldLabels: FieldLabels
  /** Whether watches can begin with the initial state (KEP-3157). */
  readonly watchList: 'supported' | 'refused'
}

/** The state that a list returns. */
export type ListAt =
  | { readonly type: 'current' }
  | { readonly type: 'notOlderThan' | 'exact'; readonly resourceVersion: string }
  | { readonly type: 'continue'; readonly token: ContinueToken }

/** The validated options of a LIST. */
export interface ListQuery {
  readonly matcher: Matcher
  /** The maximum number of entries; 0 for no limit. */
  readonly limit: number
  readonly at: ListAt
}

/** The validated options of a WATCH. */
export interface WatchQuery {
  readonly matcher: Matcher
  /**
   * The beginning of the watch: changes only, the state as additions, or the state followed by an annotated bookmark if bookmarks are
   * requested.
   */
  readonly initialEvents: 'none' | 'state' | 'streamed-list'
  /** The version to start at; the empty string for the current one. */
  readonly resourceVersion: string
  readonly bookmarks: boolean
  /** The duration in seconds; undefined lets the server decide. */
  readonly timeoutMs: number | undefined
}

/**
 * Validates the options of a LIST like kube-apiserver does.
 *
 * @throws ApiError 400 or 422.
 * @see apimachinery `validation.ValidateListOptions`, apiserver `storage.ValidateListOptions`
 */
export function listQuery(options: ReadOptions, rules: QueryRules, request: RequestSummary): ListQuery {
  const { limit = 0, resourceVersion = '', resourceVersionMatch, sendInitialEvents, continue: token = '' } = options
  const problems: FieldFailure[] = []
  if (resourceVersionMatch !== undefined) {
    if (resourceVersion === '')
      problems.push(forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided'))
    if (token !== '') problems.push(CONTINUED)
    if (!['Exact', 'NotOlderThan'].includes(resourceVersionMatch))
      problems.push(unsupported(resourceVersionMatch, '"Exact", "NotOlderThan", ""'))
    if (resourceVersionMatch === 'Exact' && resourceVersion === '0') {
      problems.push(forbidden('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'))
    }
  }
  if (sendInitialEvents !== undefined) problems.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'))
  const matcher = matcherOf(options, rules, problems, request)
  if (token !== '') {
    const decoded = decodeContinue(token, matcher.namespace)
    if (!decoded) throw errorOf(badRequest('invalid continue token: continue key is not valid'), request)
    if (resourceVersion !== '' && resourceVersion !== '0')
      throw errorOf(badRequest('specifying resource version is not allowed when using continue'), request)
    return { matcher, limit, at: { type: 'continue', token: decoded } }
  }
  const version = versionOf(resourceVersion, 'invalid resource version: ', request)
  // A list at "0" is never paged, as from an API server's watch cache.
  if (version === '' || version === '0') return { matcher, limit: version === '0' ? 0 : limit, at: { type: 'current' } }
  // A limit with a bare resourceVersion has meant `Exact` since before resourceVersionMatch existed.
  const exact = resourceVersionMatch === 'Exact' || (resourceVersionMatch === undefined && limit > 0)
  return { matcher, limit, at: { type: exact ? 'exact' : 'notOlderThan', resourceVersion: version } }
}

/**
 * Validates the options of a WATCH like kube-apiserver does.
 *
 * @throws ApiError 400 or 422.
 * @see apimachinery `validation.validateWatchOptions`, `internalversion.SetListOptionsDefaults`
 */
export function watchQuery(options: ReadOptions, rules: QueryRules, request: RequestSummary): WatchQuery {
  const { resourceVersion = '', resourceVersionMatch, sendInitialEvents, allowWatchBookmarks = false, timeoutSeconds = 0 } = options
  const problems: FieldFailure[] = []
  if (sendInitialEvents !== undefined) {
    if (resourceVersionMatch !== 'NotOlderThan')
      problems.push(forbidden('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'))
    if (rules.watchList === 'refused') {
      const problem = 'sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled'
      problems.push(forbidden('sendInitialEvents', problem))
    }
  }
  if (resourceVersionMatch !== undefined) {
    if (sendInitialEvents === undefined)
      problems.push(forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'))
    if (resourceVersionMatch !== 'NotOlderThan') problems.push(unsupported(resourceVersionMatch, '"NotOlderThan"'))
    if (options.continue) problems.push(CONTINUED)
  }
  const matcher = matcherOf(options, rules, problems, request)
  const version = versionOf(resourceVersion, '', request)
  const from = version === '0' ? '' : version
  // A server that supports streamed lists uses one whenever a watch begins with the state.
  const state = rules.watchList === 'supported' ? 'streamed-list' : 'state'
  return {
    matcher,
    initialEvents: (sendInitialEvents ?? from === '') ? state : 'none',
    resourceVersion: from,
    bookmarks: allowWatchBookmarks,
    timeoutMs: timeoutSeconds === 0 ? undefined : timeoutSeconds * 1000,
  }
}

/**
 * Parses a resourceVersion and removes leading zeros; the empty string stays empty.
 *
 * @throws ApiError 400 when it is not a decimal number: other versions cannot be ordered.
 */
export function versionOf(text: string, prefix: string, request: RequestSummary): string {
  if (/^\d*$/.test(text)) return text.replace(/^0+(?=\d)/, '')
  throw errorOf(badRequest(`${prefix}resourceVersion: Invalid value: ${JSON.stringify(text)}: expected a decimal number`), request)
}

/** Throws the first error in kube-apiserver's order: unparsable selectors, then `problems`, then unknown fields. */
function matcherOf(options: ReadOptions, rules: QueryRules, problems: readonly FieldFailure[], request: RequestSummary): Matcher {
  let matcher: Matcher
  try {
    matcher = createMatcher(options, rules.resource, rules.fieldLabels)
  } catch (error) {
    throw isSelectorError(error) ? errorOf(badRequest(`unable to parse requirement: ${error.message}`), request) : error
  }
  if (problems.length > 0) throw errorOf(invalid({ kind: 'ListOptions', group: 'meta.k8s.io', name: '' }, problems), request)
  if (matcher.unknownField !== undefined) throw errorOf(unknownField(matcher.unknownField, rules), request)
  return matcher
}

function unknownField(path: string, { resource, fieldLabels }: QueryRules): WireStatus {
  if (resource.scope === 'Cluster' || Object.keys(fieldLabels).length > 0) return badRequest(`field label not supported: ${path}`)
  return badRequest(`${JSON.stringify(path)} is not a known field selector: only "metadata.name", "metadata.namespace"`)
}

const forbidden = (field: string, problem: string): FieldFailure => ({
  reason: 'FieldValueForbidden',
  field,
  message: `Forbidden: ${problem}`,
})

const CONTINUED: FieldFailure = forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided')

const unsupported = (value: string, supported: string): FieldFailure => ({
  reason: 'FieldValueNotSupported',
  field: 'resourceVersionMatch',
  message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${supported}`,
})
