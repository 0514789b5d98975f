// Reads the printer columns of custom resources.

import { isApiError } from '../api/errors'
import type { RequestOptions } from '../api/options'
import { type Resource, resourceName, resourcePath } from '../api/resource'
import { membersOf } from '../codec/envelopes'
import { requestJson } from '../http/json'
import type { Requester } from '../http/requester'
import { CustomResourceDefinition, type PrinterColumn } from './custom-resource-definition'
import { listOf, textOf } from './json'

/** The column that the API server shows when a definition has none. */
const AGE: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }

/**
 * Reads the printer columns of a custom resource.
 *
 * @param client a `KubeClient`.
 * @returns undefined for a built-in resource, whose columns only the server knows (use `listTable`).
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
    const { spec } = await requestJson<{ spec?: unknown }>(client, { path, signal })
    const versions = listOf(membersOf(spec).versions, `the versions of ${path}`).map(membersOf)
    const version = versions.find(({ name }) => name === resource.version)
    return version && columnsOf(version.additionalPrinterColumns)
  } catch (error) {
    if (isApiError(error) && error.status === 404) return undefined
    throw error
  }
}

/** Returns the usable columns: those with a name and a path. */
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
