// Converts responses to tables or metadata, as requested by the Accept header.

import type { KubeList, KubeObject } from '../api/object'
import { apiVersionOf } from '../api/resource'
import { LineSplitter } from '../codec/lines'
import type { PrinterColumn } from '../discovery/custom-resource-definition'
import type { Table, TableColumn } from '../http/table'
import { isWatch, jsonResponse, type ResourceRequest, statusResponse } from '../watch-cache/protocol'
import { isJsonObject, type JsonObject } from './json'
import { notAcceptable } from './request-body'
import type { ServedResource } from './served-resources'

const AGE: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }
/**
 * Converts a response to the requested form: whole objects, their metadata (KEP-1031) or a table. Only JSON is supported. Tables support
 * printer columns only; ages are `creationTimestamp`s.
 *
 * @see apiserver `handlers.transformResponseObject`
 */
export async function represent(
  response: Response,
  { request, target, served }: { request: Request; target: ResourceRequest; served: ServedResource },
): Promise<Response> {
  if (!response.ok) return response
  const form = formOf(request.headers.get('accept') ?? '')
  if (form === 'object') return response
  if (form === undefined) return statusResponse(notAcceptable())
  const { searchParams } = new URL(request.url)
  const include = searchParams.get('includeObject') ?? 'Metadata'
  const table = (list: KubeList<KubeObject>) => asTable(list, served, include, form.apiVersion)
  if (!isWatch(target, searchParams)) return jsonResponse(`${JSON.stringify(convert(await response.json(), form, table))}\n`)
  let columnsAreTold = false
  const convertEvent = (line: string): string => {
    const event = JSON.parse(line) as { type: string; object: KubeObject }
    if (event.type === 'ERROR') return line
    const object = convert(event.object, form, ({ items }) => {
      const { columnDefinitions, ...rest } = table({ items, metadata: {} })
      const columns = columnsAreTold ? null : columnDefinitions
      columnsAreTold = true
      return { ...rest, columnDefinitions: columns }
    })
    return JSON.stringify({ type: event.type, object })
  }
  return jsonResponse(response.body?.pipeThrough(mapLines(convertEvent)) ?? '')
}

/** A form other than the object itself; the listed versions of its API are identical. */
interface Form {
  readonly kind: 'metadata' | 'table'
  readonly apiVersion: 'meta.k8s.io/v1' | 'meta.k8s.io/v1beta1'
}

/** Returns the first supported form of an Accept header: a table, metadata or whole objects; undefined when none is supported. */
function formOf(accept: string): Form | 'object' | undefined {
  for (const range of accept.split(',')) {
    const [type = '', ...params] = range.split(';').map((part) => part.trim())
    const as = params.find((param) => param.startsWith('as='))?.slice('as='.length)
    const version = params.includes('v=v1') ? 'v1' : params.includes('v=v1beta1') ? 'v1beta1' : undefined
    const isKnown = params.includes('g=meta.k8s.io') && version !== undefined
    if (isKnown && as === 'Table') return { kind: 'table', apiVersion: `meta.k8s.io/${version}` }
    if (isKnown && as?.startsWith('PartialObjectMetadata')) return { kind: 'metadata', apiVersion: `meta.k8s.io/${version}` }
    if (as === undefined && ['', '*/*', 'application/*', 'application/json'].includes(type)) return 'object'
  }
  return undefined
}

function convert(
  answer: KubeObject | KubeList<KubeObject>,
  { kind, apiVersion }: Form,
  table: (list: KubeList<KubeObject>) => object,
): object {
  const list = 'items' in answer ? answer : { metadata: { resourceVersion: answer.metadata.resourceVersion ?? '' }, items: [answer] }
  if (kind === 'table') return table(list)
  if (!('items' in answer)) return asMetadata(answer, apiVersion)
  const items = list.items.map((item) => asMetadata(item, apiVersion))
  return { kind: 'PartialObjectMetadataList', apiVersion, metadata: list.metadata, items }
}

function asMetadata({ metadata }: KubeObject, apiVersion: string): KubeObject {
  return { kind: 'PartialObjectMetadata', apiVersion, metadata }
}

function asTable(
  { metadata, items }: KubeList<KubeObject>,
  { resource, printerColumns = [AGE] }: ServedResource,
  include: string,
  apiVersion: Form['apiVersion'],
): Omit<Table<unknown>, 'apiVersion'> & { readonly apiVersion: string } {
  return {
    kind: 'Table',
    apiVersion,
    metadata,
    columnDefinitions: [
      { name: 'Name', type: 'string', format: 'name', description: '', priority: 0 },
      ...printerColumns.map(
        ({ name, type, format = '', description = '', priority = 0 }): TableColumn => ({ name, type, format, description, priority }),
      ),
    ],
    rows: items.map((item) => ({
      cells: [item.metadata.name, ...printerColumns.map(({ jsonPath }) => valueIn(item, jsonPath))],
      object:
        include === 'Object'
          ? { kind: resource.kind, apiVersion: apiVersionOf(resource), ...item }
          : include === 'None'
            ? null
            : asMetadata(item, apiVersion),
    })),
  }
}

/** Returns the value at a path such as `.spec.containers[0].image`; null when there is none. */
function valueIn(object: KubeObject, path: string): unknown {
  let value: unknown = object
  for (const step of path.split(/[.[\]]+/).filter(Boolean))
    value = isJsonObject(value) || Array.isArray(value) ? (value as JsonObject)[step] : undefined
  return value ?? null
}

function mapLines(map: (line: string) => string): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  const splitter = new LineSplitter()
  const encoder = new TextEncoder()
  return new TransformStream({
    transform: (chunk, controller) =>
      splitter.push(chunk, (text, start, end) => controller.enqueue(encoder.encode(`${map(text.slice(start, end))}\n`))),
  })
}
