import type { PrinterColumn } from '../discovery/custom-resource-definition'
import type { KubeList, KubeObject } from '../meta/object'
import type { PartialObjectMetadata } from '../meta/partial-object-metadata'
import { LineSplitter } from '../transport/lines'
import type { Table, TableColumn } from '../transport/table'
import { isWatch, jsonResponse, statusResponse } from '../watch-cache/protocol'
import { isJsonObject, type JsonObject } from './json'
import { notAcceptable } from './request-body'
import type { ServedResource } from './served-resources'

const AGE: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }
const META = { apiVersion: 'meta.k8s.io/v1' } as const

/**
 * Gives an answer the form that its request asks for: whole objects, their metadata (KEP-1031) or a table. Only JSON is known, and of the table
 * only what printer columns say; ages are `creationTimestamp`s.
 *
 * @see apiserver `handlers.transformResponseObject`
 */
export async function represent(response: Response, request: Request, served: ServedResource): Promise<Response> {
  if (!response.ok) return response
  const form = formOf(request.headers.get('accept') ?? '')
  if (form === 'object') return response
  if (form === undefined) return statusResponse(notAcceptable())
  const { searchParams } = new URL(request.url)
  const include = searchParams.get('includeObject') ?? 'Metadata'
  const table = (list: KubeList<KubeObject>) => asTable(list, served, include)
  if (!isWatch(searchParams)) return jsonResponse(`${JSON.stringify(convert(await response.json(), form, table))}\n`)
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

/** The form asked for first of those that are known: a table, metadata or the objects as they are; undefined: none is. */
function formOf(accept: string): 'object' | 'metadata' | 'table' | undefined {
  for (const range of accept.split(',')) {
    const [type = '', ...params] = range.split(';').map((part) => part.trim())
    const as = params.find((param) => param.startsWith('as='))?.slice('as='.length)
    const isKnown = params.includes('g=meta.k8s.io') && params.includes('v=v1')
    if (isKnown && as === 'Table') return 'table'
    if (isKnown && as?.startsWith('PartialObjectMetadata')) return 'metadata'
    if (as === undefined && ['', '*/*', 'application/*', 'application/json'].includes(type)) return 'object'
  }
  return undefined
}

function convert(
  answer: KubeObject | KubeList<KubeObject>,
  form: 'metadata' | 'table',
  table: (list: KubeList<KubeObject>) => object,
): object {
  const list = 'items' in answer ? answer : { metadata: { resourceVersion: answer.metadata.resourceVersion ?? '' }, items: [answer] }
  if (form === 'table') return table(list)
  if (!('items' in answer)) return asMetadata(answer)
  return { kind: 'PartialObjectMetadataList', ...META, metadata: list.metadata, items: list.items.map(asMetadata) }
}

const asMetadata = ({ metadata }: KubeObject): PartialObjectMetadata => ({ kind: 'PartialObjectMetadata', ...META, metadata })

function asTable({ metadata, items }: KubeList<KubeObject>, { printerColumns = [AGE] }: ServedResource, include: string): Table<unknown> {
  return {
    kind: 'Table',
    ...META,
    metadata,
    columnDefinitions: [
      { name: 'Name', type: 'string', format: 'name', description: '', priority: 0 },
      ...printerColumns.map(
        ({ name, type, format = '', description = '', priority = 0 }): TableColumn => ({ name, type, format, description, priority }),
      ),
    ],
    rows: items.map((item) => ({
      cells: [item.metadata.name, ...printerColumns.map(({ jsonPath }) => valueIn(item, jsonPath))],
      object: include === 'Object' ? item : include === 'None' ? null : asMetadata(item),
    })),
  }
}

/** The value at a path such as `.spec.containers[0].image`; null when there is none. */
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
