// Serves the write requests of the fake server: create, update, patch, apply and delete.

import type { KubeObject, ManagedFieldsEntry } from '../api/object'
import { apiVersionOf } from '../api/resource'
import type { UnparsedEntry } from '../codec/entry'
import { listBody } from '../watch-cache/body'
import { badRequest, failure, invalid, methodNotAllowed, notFound, type WireStatus } from '../watch-cache/failures'
import { errorResponse, jsonResponse, type ResourceRequest, readOptionsOf, statusResponse } from '../watch-cache/protocol'
import { type Collection, copyOf } from './collection'
import { isJsonObject } from './json'
import { applyFields, type FieldManager, type OwnedField } from './managed-fields'
import { jsonPatch, mergePatch, PatchError, strategicMergePatch } from './patch'
import { answer, asObject, checkMediaType, mediaTypeOf, parseJson, readJson, readObject, unsupportedMediaType } from './request-body'
import type { Preconditions } from './rules'
import { bindPod, scaleOf, scaleResponse, withScale } from './subresources'

/** Serves a write request. */
export async function serveWrite(served: Collection, target: ResourceRequest, request: Request): Promise<Response> {
  if (target.watch) return statusResponse(methodNotAllowed())
  try {
    const collection = rehearsed(served, new URL(request.url).searchParams.getAll('dryRun'), request)
    switch (`${request.method} ${target.name ? 'object' : 'collection'}`) {
      case 'POST collection':
        return await create(collection, target, request)
      case 'POST object':
        return await createSubresource(collection, target, request)
      case 'PUT object':
        return replace(collection, target, request, await readObject(request))
      case 'PATCH object':
        return await patch(collection, target, request)
      case 'DELETE object':
        return await remove(collection, target, request)
      case 'DELETE collection':
        return await removeAll(collection, target, request)
      default:
        return statusResponse(methodNotAllowed())
    }
  } catch (error) {
    return errorResponse(error)
  }
}

async function create(collection: Collection, { namespace }: ResourceRequest, request: Request): Promise<Response> {
  const { resource, status, defaults } = collection.served
  if (resource.scope === 'Namespaced' && !namespace) return statusResponse(methodNotAllowed())
  const { status: sent, ...object } = (await readObject(request)) as KubeObject & { status?: unknown }
  const accepted: KubeObject = status || sent === undefined ? object : ({ ...object, status: sent } as KubeObject)
  const by = managerOf(request, collection, { operation: 'Update' })
  return jsonResponse(textOf(collection.create({ ...accepted, ...defaults?.(accepted) }, namespace, by)), 201)
}

async function createSubresource(collection: Collection, target: ResourceRequest, request: Request): Promise<Response> {
  const body = await readObject(request)
  if (target.subresource === 'binding') bindPod(collection, target, body)
  else if (target.subresource === 'eviction') {
    const { deleteOptions } = body as KubeObject & { deleteOptions?: unknown }
    const { dryRun, preconditions } = deleteOptionsOf(deleteOptions)
    rehearsed(collection, dryRun, request).delete(target, preconditions)
  } else return statusResponse(methodNotAllowed())
  return jsonResponse(`${JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 })}\n`, 201)
}

/** Replaces an object, or its `scale` subresource. */
function replace(collection: Collection, target: ResourceRequest, request: Request, sent: KubeObject): Response {
  const by = managerOf(request, collection, { operation: 'Update', subresource: target.subresource })
  if (target.subresource !== 'scale') return jsonResponse(textOf(collection.update(sent, target, partOf(collection, target), by)))
  return scaleResponse(collection.update(withScale(copyOf(collection.get(target)), sent), target, partOf(collection, target), by))
}

async function patch(collection: Collection, target: ResourceRequest, request: Request): Promise<Response> {
  const type = mediaTypeOf(request)
  if (type === 'application/apply-patch+yaml') return apply(collection, target, request)
  const change = patches[type]
  const types = patchTypesOf(collection)
  if (!change || !types.includes(type)) throw answer(unsupportedMediaType(types), request)
  const live = copyOf(collection.get(target))
  const seen = target.subresource === 'scale' ? scaleOf(live) : live
  try {
    return replace(collection, target, request, asObject(change(seen, await readJson(request)), request))
  } catch (error) {
    if (!(error instanceof PatchError)) throw error
    throw answer(failure(422, 'Invalid', `the server rejected our request due to an error in our request: ${error.message}`, {}), request)
  }
}

const patches: Readonly<Record<string, (target: unknown, patch: unknown) => unknown>> = {
  'application/json-patch+json': jsonPatch,
  'application/merge-patch+json': mergePatch,
  'application/strategic-merge-patch+json': strategicMergePatch,
}

/** Returns the supported patch types. A custom resource has no schema with merge keys, so it has no strategic merge patch. */
function patchTypesOf({ served: { builtIn } }: Collection): string[] {
  const types = Object.keys(patches).filter((type) => builtIn || !type.includes('strategic'))
  return [...types, 'application/apply-patch+yaml']
}

async function apply(collection: Collection, target: ResourceRequest, request: Request): Promise<Response> {
  const { subresource } = target
  const by = managerOf(request, collection, { operation: 'Apply', subresource })
  if (!by) {
    const missing = { reason: 'FieldValueRequired', field: 'fieldManager', message: 'Required value: is required for apply patch' }
    throw answer(invalid({ kind: 'PatchOptions', group: 'meta.k8s.io', name: '' }, [missing]), request)
  }
  const sent = await readObject(request, 'application/apply-patch+yaml')
  if (sent.metadata.managedFields) throw answer(badRequest('metadata.managedFields must be nil'), request)
  const part = partOf(collection, target)
  const live = collection.has(target) ? copyOf(collection.get(target)) : undefined
  if (!live && subresource) throw answer(notFound(collection.served.resource, target.name), request)
  const { status, ...main } = sent as KubeObject & { status?: unknown }
  const applied = (part === 'main' ? main : part === 'status' ? { metadata: {}, status } : sent) as KubeObject
  const object = { ...sent, metadata: { ...sent.metadata, name: target.name } }
  const merged = (live ? strategicMergePatch(live, sent) : { ...object, ...collection.served.defaults?.(object) }) as KubeObject
  const force = new URL(request.url).searchParams.get('force') === 'true' ? 'force' : 'fail'
  const result = applyFields(live, merged, applied, by, force)
  if ('owned' in result) throw answer(applyConflict(result.owned), request)
  if (live) return jsonResponse(textOf(collection.update(result.object, target, part)))
  return jsonResponse(textOf(collection.create(result.object, target.namespace)), 201)
}

async function remove(collection: Collection, target: ResourceRequest, request: Request): Promise<Response> {
  if (target.subresource) return statusResponse(methodNotAllowed())
  const { dryRun, preconditions } = await readDeleteOptions(request)
  const { entry, gone } = rehearsed(collection, dryRun, request).delete(target, preconditions)
  if (!gone) return jsonResponse(textOf(entry))
  const { plural, group } = collection.served.resource
  const details = { name: target.name, ...(group && { group }), kind: plural, uid: entry.uid }
  return jsonResponse(`${JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details })}\n`)
}

async function removeAll(collection: Collection, { namespace }: ResourceRequest, request: Request): Promise<Response> {
  const { cache, served } = collection
  if (served.resource.scope === 'Namespaced' && !namespace) return statusResponse(methodNotAllowed())
  const { labelSelector, fieldSelector } = readOptionsOf(new URL(request.url).searchParams, request)
  const { dryRun, preconditions } = await readDeleteOptions(request)
  const list = await cache.list({ labelSelector, fieldSelector, namespace, signal: request.signal })
  for (const entry of list.entries) rehearsed(collection, dryRun, request).delete(entry, preconditions)
  return jsonResponse(
    [
      ...listBody(
        { ...list, resourceVersion: cache.resourceVersion },
        { resource: cache.resource, form: 'object', itemTypes: cache.itemTypes },
      ),
    ].join(''),
  )
}

/** Returns the collection of a request; a dry run gets a copy that discards writes. */
function rehearsed(collection: Collection, dryRun: readonly unknown[], request: Request): Collection {
  const unknown = dryRun.find((value) => value !== 'All')
  if (unknown !== undefined) {
    const message = `Unsupported value: ${JSON.stringify([unknown])}: supported values: "All"`
    const field = { reason: 'FieldValueNotSupported', field: 'dryRun', message }
    throw answer(invalid({ kind: 'Options', group: 'meta.k8s.io', name: '' }, [field]), request)
  }
  return dryRun.length > 0 ? collection.rehearsal() : collection
}

/** Returns the field manager of a request; only named managers are recorded. */
function managerOf(
  request: Request,
  { served, now }: Collection,
  { operation, subresource = '' }: Pick<FieldManager, 'operation'> & { subresource?: string },
): FieldManager | undefined {
  const manager = new URL(request.url).searchParams.get('fieldManager')
  return manager ? { manager, operation, subresource, apiVersion: apiVersionOf(served.resource), time: now() } : undefined
}

function applyConflict(owned: readonly OwnedField[]): WireStatus {
  const causes = owned.map(({ owner, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${nameOf(owner)}`,
    field: path,
  }))
  const [first, ...more] = causes.map(({ message, field }) => `${message}: ${field}`)
  const summary = more.length === 0 ? `1 conflict: ${first}` : `${causes.length} conflicts: ${[first, ...more].join('\n')}`
  return failure(409, 'Conflict', `Apply failed with ${summary}`, { causes })
}

function nameOf({ manager, subresource, operation, apiVersion, time }: ManagedFieldsEntry): string {
  const part = subresource ? ` with subresource ${JSON.stringify(subresource)}` : ''
  return `${JSON.stringify(manager)}${part}${operation === 'Update' ? ` using ${apiVersion} at ${time}` : ''}`
}

function deleteOptionsOf(value: unknown): { dryRun: readonly unknown[]; preconditions: Preconditions } {
  const { dryRun, preconditions } = isJsonObject(value) ? value : {}
  return { dryRun: Array.isArray(dryRun) ? dryRun : [], preconditions: isJsonObject(preconditions) ? preconditions : {} }
}

async function readDeleteOptions(request: Request): Promise<ReturnType<typeof deleteOptionsOf>> {
  const text = await request.text()
  if (text === '') return deleteOptionsOf(undefined)
  checkMediaType(request)
  return deleteOptionsOf(parseJson(text, request))
}

function partOf({ served }: Collection, { subresource }: ResourceRequest): 'all' | 'main' | 'status' {
  return subresource === 'status' ? 'status' : served.status ? 'main' : 'all'
}

const textOf = ({ text }: UnparsedEntry): string => `${text}\n`
