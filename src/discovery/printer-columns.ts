import { isApiError } from '../errors'
import { type Resource, resourceName, resourcePath } from '../meta/resource'
import type { RequestOptions } from '../meta/wire'
import { readJson } from '../transport/json'
import type { Requester } from '../transport/requester'
import { CustomResourceDefinition, type PrinterColumn } from './custom-resource-definition'
import { listOf, membersOf, textOf } from './json'

/** What the API server shows when a definition says nothing. */
const AGE: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }

/**
 * Reads which columns a custom resource is to be shown with.
 *
 * @param client a `KubeClient`.
 * @returns undefined when the resource is no custom one: only the server knows then (`listTable`).
 * @throws ApiError (403: the user may not read definitions), ConnectionError, ParseError.
 * @see apiextensions-apiserver `tableconvertor.New`
 */
export async function printerColumns(
  client: Requester,
  resource: Pick<Resource, 'group' | 'version' | 'plural'>,
  { signal }: Pick<RequestOptions, 'signal'> = {},
): Promise<readonly PrinterColumn[] | undefined> {
  const path = resourcePath(CustomResourceDefinition, { name: resourceName(resource) })
  try {
    const response = await client.request({ path, signal })
    const { spec } = await readJson<{ spec?: unknown }>(response, { method: 'GET', url: `${client.baseUrl}/${path}` }, { signal })
    const versions = listOf(membersOf(spec).versions, `the versions of ${path}`).map(membersOf)
    const version = versions.find(({ name }) => name === resource.version)
    return version && columnsOf(version.additionalPrinterColumns)
  } catch (error) {
    if (isApiError(error) && error.status === 404) return undefined
    throw error
  }
}

/** The columns that can be shown: those with a name and a path. */
function columnsOf(value: unknown): readonly PrinterColumn[] {
  if (!Array.isArray(value)) return [AGE]
  return value.map(membersOf).flatMap(({ name, type, format, description, priority, jsonPath }) => {
    if (typeof name !== 'string' || typeof jsonPath !== 'string') return []
    const column: PrinterColumn = {
      name,
      type: textOf(type) || 'string',
      ...(typeof format === 'string' && { format }),
      ...(typeof description === 'string' && { description }),
      ...(typeof priority === 'number' && { priority }),
      jsonPath,
    }
    return [column]
  })
}
