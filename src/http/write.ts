// Turns writes into requests (pure). Options that are not named here become the query, named as on the wire.

import type { ObjectMeta } from '../api/object'
import type { DeleteOptions, RequestOptions } from '../api/options'
import { PATCH_TYPES, type Patch } from '../api/patch'
import { apiVersionOf, checkResource, type Resource, resourceName, resourcePath } from '../api/resource'
import { writeJson } from '../codec/exact-json'
import { searchParams } from './params'
import type { RawRequest } from './requester'
import { objectPath, SUBRESOURCE_TYPES } from './subresources'

interface Target extends RequestOptions {
  readonly namespace?: string | undefined
  readonly subresource?: string | undefined
}

const METHODS = { create: 'POST', replace: 'PUT', apply: 'PATCH' } as const

/**
 * Returns the request that sends a whole object. Sets `apiVersion` and `kind`, which the server requires for custom resources.
 *
 * @throws TypeError when the object has no name, lacks a required namespace, or has another namespace than the options; when it has a
 *   number that cannot be written exactly ({@link writeJson}).
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
  // Subresources are created below their object, everything else in the collection.
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

/** Returns the request that changes a part of an object. */
export function patchRequest(resource: Resource, name: string, patch: Patch<unknown>, options: Target): RawRequest {
  checkResource(resource)
  const [[kind, body] = ['', undefined], ...more] = Object.entries(patch ?? {})
  const type = PATCH_TYPES[kind as keyof typeof PATCH_TYPES]
  if (!type || more.length > 0) throw new TypeError(`${resourceName(resource)}: a patch is one of { merge }, { json } and { strategic }`)
  return { ...writeRequest('PATCH', resource, name, body, options), headers: { 'content-type': type } }
}

/** Returns the request that deletes an object or, without a name, the selected objects of a collection. */
export function deleteRequest(
  resource: Resource,
  name: string | undefined,
  { dryRun, gracePeriodSeconds, propagationPolicy, preconditions, ...options }: DeleteOptions & Target,
): RawRequest {
  // The server reads these options from the query only if there is no body, and then not all of them.
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
