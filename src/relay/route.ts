// Decides whether a request is answered from a cache or passed on to the API server. Pure.

import { isKubeError } from '../api/errors'
import { parseFieldSelector } from '../api/field-selectors'
import type { Resource } from '../api/resource'
import type { ObjectForm } from '../watch-cache/body'
import { decodeContinue } from '../watch-cache/continue-token'
import { type FieldLabels, selectedName } from '../watch-cache/matcher'
import { isWatch, parseResourcePath, type ResourceRequest } from '../watch-cache/protocol'
import { negotiate, type ReadVerb } from './negotiate'

/** The reason why a request is passed on. */
export type PassReason =
  /** The request writes, or is an OPTIONS or HEAD request. */
  | 'method'
  /** The request wants to change the protocol. */
  | 'upgrade'
  /** The path does not name a cached resource. */
  | 'resource'
  | 'subresource'
  /** The client wants a form that only the API server has, such as a table. */
  | 'representation'
  /** The query has an option that the cache does not know. */
  | 'parameter'
  /** The field selector uses a field that the resource is not known to have. */
  | 'field-label'
  /** The request impersonates a user, and the relay does not review requests. */
  | 'impersonation'
  /** A GET of one object in its newest state. */
  | 'newest-object'
  /** The cache has no state yet. */
  | 'filling'
  /** The API server could not be reached for too long. */
  | 'stale'
  /** The relay is closed. */
  | 'closed'
  /** The API server denies the relay the resource. */
  | 'denied-to-relay'
  /** The API server does not have the resource. */
  | 'gone'
  /** The caller may not read what it asks for; the API server says so in its own words. */
  | 'denied-to-caller'
  /** The cache could not be proven to be up to date in time. */
  | 'unproven'
  /** The requested version is older than the cache's window, or so old that an API server may have forgotten it. */
  | 'expired'

/** A cached resource, as routing needs it. */
export interface Routable {
  readonly resource: Resource
  readonly fieldLabels: FieldLabels
}

/** The attributes by which a read is authorized. */
export interface ReadAttributes {
  readonly verb: ReadVerb
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly namespace: string
  /** The name of the only object that is read; the empty string for any. */
  readonly name: string
  readonly labelSelector: string
  readonly fieldSelector: string
}

/** A request that a cache can answer. */
export interface CachedRoute<R extends Routable> {
  readonly type: 'cached'
  readonly to: R
  readonly target: ResourceRequest
  readonly form: ObjectForm
  readonly attributes: ReadAttributes
  /** The state to answer from: any, the newest one of the API server, or one not older than this version. */
  readonly reads: 'any' | 'newest' | { readonly notOlderThan: string }
  /** The only version whose state answers a list; undefined when a newer one does, too. */
  readonly exactVersion: string | undefined
}

/** The decision about a request. */
export type Route<R extends Routable> = CachedRoute<R> | { readonly type: 'pass'; readonly why: PassReason }

/** The parts of a request that decide about it. */
export interface RoutedRequest {
  readonly method: string
  /** The path, below the relay's root. */
  readonly path: string
  readonly params: URLSearchParams
  readonly accept: string | null
  readonly upgrade: string | null
}

const PARAMETERS = [
  'watch',
  'labelSelector',
  'fieldSelector',
  'resourceVersion',
  'resourceVersionMatch',
  'limit',
  'continue',
  'allowWatchBookmarks',
  'sendInitialEvents',
  'timeoutSeconds',
  'timeout',
]

/** Decides about a request. @param find returns the cached resource of a path, if there is one. */
export function routeOf<R extends Routable>(
  { method, path, params, accept, upgrade }: RoutedRequest,
  find: (target: ResourceRequest) => R | undefined,
): Route<R> {
  const pass = (why: PassReason): Route<R> => ({ type: 'pass', why })
  if (upgrade) return pass('upgrade')
  if (method !== 'GET') return pass('method')
  const target = parseResourcePath(path)
  const to = target && find(target)
  if (!target || !to) return pass('resource')
  if (target.subresource) return pass('subresource')
  // The path of a namespaced object without its namespace is an error, which the API server describes.
  if (target.name && (target.namespace === '') !== (to.resource.scope === 'Cluster')) return pass('resource')
  if (target.namespace && to.resource.scope === 'Cluster') return pass('resource')
  if ([...params.keys()].some((name) => !PARAMETERS.includes(name))) return pass('parameter')
  const verb: ReadVerb = isWatch(target, params) ? 'watch' : target.name ? 'get' : 'list'
  const form = negotiate(accept, verb)
  if (!form) return pass('representation')
  const [labelSelector, fieldSelector] = [params.get('labelSelector') ?? '', params.get('fieldSelector') ?? '']
  if (!isKnown(fieldSelector, to)) return pass('field-label')
  const { group, version, plural: resource, namespace } = target
  const name = target.name || (selectedName(fieldSelector) ?? '')
  const attributes: ReadAttributes = { verb, group, version, resource, namespace, name, labelSelector, fieldSelector }
  return {
    type: 'cached',
    to,
    target,
    form,
    attributes,
    reads: readsOf(verb, params, namespace),
    exactVersion: exactVersionOf(verb, params, namespace),
  }
}

function isKnown(fieldSelector: string, { resource, fieldLabels }: Routable): boolean {
  const known = ['metadata.name', ...(resource.scope === 'Namespaced' ? ['metadata.namespace'] : []), ...Object.keys(fieldLabels)]
  try {
    return parseFieldSelector(fieldSelector).paths.every((path) => known.includes(path))
  } catch (error) {
    if (isKubeError(error)) return false
    throw error
  }
}

/**
 * Returns the state that a request asks for.
 *
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
 */
function readsOf(verb: ReadVerb, params: URLSearchParams, namespace: string): CachedRoute<Routable>['reads'] {
  const version = (params.get('resourceVersion') ?? '').replace(/^0+(?=.)/, '')
  const token = params.get('continue')
  if (verb === 'list' && token) {
    const { resourceVersion = '' } = decodeContinue(token, namespace) ?? {}
    return resourceVersion ? { notOlderThan: resourceVersion } : 'newest'
  }
  if (version === '0') return 'any'
  if (version === '') return 'newest'
  // A watch without initial events waits for its version by itself, silently.
  const initial = params.get('sendInitialEvents')?.toLowerCase()
  const isPlainWatch = verb === 'watch' && (initial === undefined || initial === 'false' || initial === '0')
  return isPlainWatch ? 'any' : { notOlderThan: version }
}

/** Returns the version that a list continues, or asks for exactly. */
function exactVersionOf(verb: ReadVerb, params: URLSearchParams, namespace: string): string | undefined {
  if (verb !== 'list') return undefined
  const token = params.get('continue')
  if (token) return decodeContinue(token, namespace)?.resourceVersion || undefined
  const version = (params.get('resourceVersion') ?? '').replace(/^0+(?=.)/, '')
  const match = params.get('resourceVersionMatch') ?? ''
  const isExact = match === 'Exact' || (match === '' && (params.get('limit') ?? '0') !== '0')
  return isExact && version !== '' && version !== '0' ? version : undefined
}
