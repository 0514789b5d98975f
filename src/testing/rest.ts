import type { UnparsedEntry } from '../meta/entry'
import type { KubeObject } from '../meta/object'
import { badRequest, errorOf, failure, invalid, methodNotAllowed, type WireStatus } from '../watch-cache/failures'
import { errorResponse, jsonResponse, listBody, listOptionsOf, type ResourceRequest, statusResponse } from '../watch-cache/protocol'
import { type Collection, copyOf } from './collection'
import { isJsonObject } from './json'
import { jsonPatch, mergePatch, PatchError, strategicMergePatch } from './patch'
import type { Preconditions } from './rules'

/** Serves the requests that change something. */
export async function serveWrite(collection: Collection, target: ResourceRequest, request: Request): Promise<Response> {
  try {
    if (new URL(request.url).searchParams.has('dryRun'))
      throw answer(badRequest('the fake API server has no dry run: leave out dryRun'), request)
    switch (`${request.method} ${target.name ? 'object' : 'collection'}`) {
      case 'POST collection':
        return await create(collection, target, request)
      case 'PUT object':
        return jsonResponse(textOf(collection.update(await readObject(request), target, partOf(collection, target))))
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
  return jsonResponse(textOf(collection.create({ ...accepted, ...defaults?.(accepted) }, namespace)), 201)
}

async function patch(collection: Collection, target: ResourceRequest, request: Request): Promise<Response> {
  const type = mediaTypeOf(request)
  const part = partOf(collection, target)
  if (type === 'application/apply-patch+yaml') return apply(collection, target, request)
  const change = patches[type]
  if (!change || (type.includes('strategic') && !collection.served.builtIn))
    throw answer(failure(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {}), request)
  const old = copyOf(collection.get(target))
  try {
    return jsonResponse(textOf(collection.update(asObject(change(old, await readJson(request)), request), target, part)))
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

/** Server-side apply without its bookkeeping: who owns a field is not recorded, so nothing conflicts and nothing is taken away. */
async function apply(collection: Collection, target: ResourceRequest, request: Request): Promise<Response> {
  if (!new URL(request.url).searchParams.get('fieldManager')) {
    const missing = { reason: 'FieldValueRequired', field: 'fieldManager', message: 'Required value: is required for apply patch' }
    throw answer(invalid({ kind: 'PatchOptions', group: 'meta.k8s.io', name: '' }, [missing]), request)
  }
  const applied = await readObject(request)
  if (collection.has(target)) {
    const merged = strategicMergePatch(copyOf(collection.get(target)), applied) as KubeObject
    return jsonResponse(textOf(collection.update(merged, target, partOf(collection, target))))
  }
  const object = { ...applied, metadata: { ...applied.metadata, name: target.name } }
  return jsonResponse(textOf(collection.create({ ...object, ...collection.served.defaults?.(object) }, target.namespace)), 201)
}

async function remove(collection: Collection, target: ResourceRequest, request: Request): Promise<Response> {
  if (target.subresource) return statusResponse(methodNotAllowed())
  const { entry, gone } = collection.delete(target, await readPreconditions(request))
  if (!gone) return jsonResponse(textOf(entry))
  const { plural, group } = collection.served.resource
  const details = { name: target.name, ...(group && { group }), kind: plural, uid: entry.uid }
  return jsonResponse(`${JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details })}\n`)
}

async function removeAll(collection: Collection, { namespace }: ResourceRequest, request: Request): Promise<Response> {
  const { labelSelector, fieldSelector } = listOptionsOf(new URL(request.url).searchParams)
  const { cache } = collection
  const list = await cache.list({ labelSelector, fieldSelector, namespace, signal: request.signal })
  for (const entry of list.entries) collection.delete(entry)
  return jsonResponse([...listBody({ ...list, resourceVersion: cache.resourceVersion }, cache.resource)].join(''))
}

async function readPreconditions(request: Request): Promise<Preconditions> {
  const text = await request.text()
  if (text === '') return {}
  const options = parse(text, request)
  const preconditions = isJsonObject(options) ? options.preconditions : undefined
  return isJsonObject(preconditions) ? preconditions : {}
}

async function readObject(request: Request): Promise<KubeObject> {
  const type = mediaTypeOf(request)
  if (!['application/json', 'application/apply-patch+yaml', ''].includes(type)) {
    throw answer(
      failure(
        415,
        'UnsupportedMediaType',
        'the body of the request was in an unknown format - accepted media types include: application/json',
      ),
      request,
    )
  }
  return asObject(await readJson(request), request)
}

function asObject(value: unknown, request: Request): KubeObject {
  if (!isJsonObject(value)) throw answer(badRequest('the body of the request is not an object'), request)
  return { ...value, metadata: isJsonObject(value.metadata) ? value.metadata : {} }
}

async function readJson(request: Request): Promise<unknown> {
  return parse(await request.text(), request)
}

function parse(text: string, request: Request): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw answer(
      badRequest(`the body of the request is not JSON, the only format of the fake API server: ${(cause as Error).message}`),
      request,
    )
  }
}

function partOf({ served }: Collection, { subresource }: ResourceRequest): 'all' | 'main' | 'status' {
  return subresource === 'status' ? 'status' : served.status ? 'main' : 'all'
}

const mediaTypeOf = (request: Request): string => (request.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''

const answer = (status: WireStatus, { method, url }: Request): Error => errorOf(status, { method, url })

const textOf = ({ text }: UnparsedEntry): string => `${text}\n`
