// Decides which entries of a collection a request selects.

import { parseFieldSelector } from '../api/field-selectors'
import { objectKey } from '../api/keys'
import type { Resource } from '../api/resource'
import { isSelectorError, parseLabelSelector } from '../api/selectors'
import type { Entry } from '../codec/entry'
import { valueAt } from '../codec/scan'

/**
 * The fields that selectors may use besides `metadata.name` and `metadata.namespace`, each with its value in an object without the field:
 * `{ 'spec.nodeName': '', 'spec.unschedulable': 'false' }`.
 */
export type FieldLabels = Readonly<Record<string, string>>

/** Selects the part of a collection that a request asks for. */
export interface Matcher {
  /** Equal for requests with the same selectors in the same namespace. */
  readonly id: string
  /** Whether the request has selectors; a namespace alone does not count. */
  readonly selective: boolean
  /** The only namespace whose entries can match; the empty string for any. */
  readonly namespace: string
  /** The only key that can match; undefined for any in the namespace. */
  readonly key: string | undefined
  /** Whether every entry matches. */
  readonly everything: boolean
  /** The first field of the selector that the resource does not support, if any. */
  readonly unknownField: string | undefined
  matches(entry: Entry<unknown>): boolean
}

/** The parts of a request that select entries. */
export interface MatcherOptions {
  labelSelector?: string | undefined
  fieldSelector?: string | undefined
  /** The namespace; omitted or empty for all namespaces. */
  namespace?: string | undefined
}

/**
 * Makes a matcher. Reads only the parts of an entry's text that the selectors need.
 *
 * @throws SelectorError when a selector cannot be parsed.
 */
export function createMatcher(
  { labelSelector = '', fieldSelector = '', namespace = '' }: MatcherOptions,
  { scope }: Pick<Resource, 'scope'>,
  fieldLabels: FieldLabels,
): Matcher {
  const labels = parseLabelSelector(labelSelector)
  const fields = parseFieldSelector(fieldSelector)
  const selective = !labels.empty || !fields.empty
  const name = fields.exactValue('metadata.name')
  const isKnown = (path: string) =>
    path === 'metadata.name' || (path === 'metadata.namespace' && scope === 'Namespaced') || Object.hasOwn(fieldLabels, path)
  return {
    id: JSON.stringify([namespace, labelSelector, fieldSelector]),
    selective,
    namespace,
    key: name !== undefined && (namespace || scope === 'Cluster') ? objectKey(namespace, name) : undefined,
    everything: !selective && !namespace,
    unknownField: fields.paths.find((path) => !isKnown(path)),
    matches: (entry) =>
      (!namespace || entry.namespace === namespace) &&
      (fields.empty || fields.matches((path) => fieldOf(entry, path, fieldLabels))) &&
      (labels.empty || labels.matches(entry.labels)),
  }
}

/** Returns the only name that a field selector accepts; undefined when it accepts others, or cannot be parsed. */
export function selectedName(fieldSelector: string): string | undefined {
  try {
    return parseFieldSelector(fieldSelector).exactValue('metadata.name')
  } catch (error) {
    if (isSelectorError(error)) return undefined
    throw error
  }
}

function fieldOf(entry: Entry<unknown>, path: string, fieldLabels: FieldLabels): string {
  if (path === 'metadata.name') return entry.name
  if (path === 'metadata.namespace') return entry.namespace
  const value = valueAt(entry.text, path.split('.')) ?? fieldLabels[path] ?? ''
  return typeof value === 'object' ? '' : String(value)
}
