import type { ObjectMeta } from '../api/object'
import type { DeleteOptions, RequestOptions } from '../api/options'
import { PATCH_TYPES, type Patch } from '../api/patch'
import { apiVersionOf, checkResource, type Resource, resourceName, resourcePath } from '../api/resource'
import { writeJson } from '../codec/exact-json'
import { searchParams } from './params'
import type { RawRequest } from './requester'
import { objectPath, SUBRESOURCE_TYPES } from './subresources'

// What the verbs have in common: from what a caller says to a request. Options that are not named here are the query, under the wire's names.

interface Target extends RequestOptions {
  readonly namespace?: string | undefined
  readonly subresource?: string | undefined
}

const METHODS = { create: 'POST', replace: 'PUT', apply: 'PATCH' } as const

/**
 * The request that sends a whole object. `apiVersion` and `kind` are filled in: for custom resources the server insists on them.
 *
 * @throws TypeError when the object has no name, has no namespace and needs one, or has another than the options say; when it has a number that
 *   cannot be written as it was meant ({@link writeJson}).
 */
export function objectRequest(
  verb: keyof typeof METHODS,
  resource: Resource,
  object: { readonly metadata: Pick<ObjectMeta, 'name' | 'generateName' | 'namespace'> },
  options: Target,
): RawRequest {
  checkResource(resource)
  const metadata: unknown = object?.metadata
  if (typeof metadata !== 'object' || metadata === null) {
    throw new TypeError(`${resourceName(resource)}: ${verb} expects an object with metadata`)
  }
  const { name, generateName, namespace: own } = object.metadata
  const { namespace = own, subresource = '' } = options
  // What a subresource takes is created below its object, everything else in the collection.
  const inCollection = verb === 'create' && !subresource
  const known = name || (inCollection && generateName)
  if (!known) throw new TypeError(`${resourceName(resource)}: the object needs a metadata.name${inCollection ? ' or a generateName' : ''}`)
  if (own && namespace !== own)
    throw new TypeError(`${resourceName(resource)}: ${known} is in the namespace ${own}, and the options say ${namespace}`)
  const [apiVersion, kind] = SUBRESOURCE_TYPES[subresource] ?? [apiVersionOf(resource), resource.kind]
  const request = writeRequest(METHODS[verb], resource, known, { apiVersion, kind, ...object }, { ...options, namespace })
  return {
    ...request,
    ...(inCollection && { path: resourcePath(resource, { namespace }) }),
    ...(verb === 'apply' && { headers: { 'content-type': PATCH_TYPES.apply } }),
  }
}

/** The request that changes a part of an object. */
export function patchRequest(resource: Resource, name: string, patch: Patch<unknown>, options: Target): RawRequest {
  checkResource(resource)
  const [[kind, body] = ['', undefined], ...more] = Object.entries(patch ?? {})
  const type = PATCH_TYPES[kind as keyof typeof PATCH_TYPES]
  if (!type || more.length > 0) throw new TypeError(`${resourceName(resource)}: a patch is one of { merge }, { json } and { strategic }`)
  return { ...writeRequest('PATCH', resource, name, body, options), headers: { 'content-type': type } }
}

/** The request that deletes an object, or without a name what is selected of a collection. */
export function deleteRequest(
  resource: Resource,
  name: string | undefined,
  { dryRun, gracePeriodSeconds, propagationPolicy, preconditions, ...options }: DeleteOptions & Target,
): RawRequest {
  // The server reads these from the query only where there is no body, and not all of them.
  checkResource(resource)
  const body = { dryRun: dryRun && [dryRun], gracePeriodSeconds, propagationPolicy, preconditions }
  if (name === undefined && !options.namespace && resource.scope === 'Namespaced')
    throw new TypeError(`${resourceName(resource)} is namespaced: say in which namespace to delete the collection`)
  return writeRequest('DELETE', resource, name, body, options)
}

function writeRequest(
  method: string,
  resource: Resource,
  name: string | undefined,
  body: unknown,
  { namespace, subresource, signal, onBytes, ...params }: Target,
): RawRequest {
  const path = objectPath(resource, { namespace, name, subresource })
  return {
    method,
    path,
    params: searchParams(params),
    headers: { 'content-type': 'application/json' },
    body: writeJson(body, `${resourceName(resource)}${name === undefined ? '' : ` ${name}`}: `),
    signal,
    onBytes,
  }
}
