import type { Entry } from '../meta/entry'
import { parseFieldSelector } from '../meta/field-selectors'
import { valueAt } from '../meta/scan'
import { parseLabelSelector } from '../meta/selectors'

/** Which of a cache's entries a request is about. */
export interface Matcher {
  /** Whether selectors take part; a namespace is none. */
  readonly selective: boolean
  /** Whether every entry matches. */
  readonly everything: boolean
  matches(entry: Entry<unknown>): boolean
}

/** What a request may say about the entries it wants. */
export interface MatcherOptions {
  labelSelector?: string | undefined
  fieldSelector?: string | undefined
  /** Left out or empty: all of them. */
  namespace?: string | undefined
}

/**
 * Makes a matcher. It looks into the entries' text and parses no more of it than a selector asks for.
 *
 * @throws SelectorError when a selector cannot be parsed.
 */
export function createMatcher({ labelSelector = '', fieldSelector = '', namespace = '' }: MatcherOptions): Matcher {
  const labels = parseLabelSelector(labelSelector)
  const fields = parseFieldSelector(fieldSelector)
  const selective = !labels.empty || !fields.empty
  return {
    selective,
    everything: !selective && !namespace,
    matches: (entry) =>
      (!namespace || entry.namespace === namespace) &&
      (fields.empty || fields.matches((path) => fieldOf(entry, path))) &&
      (labels.empty || labels.matches(entry.labels)),
  }
}

function fieldOf(entry: Entry<unknown>, path: string): string {
  if (path === 'metadata.name') return entry.name
  if (path === 'metadata.namespace') return entry.namespace
  const value = valueAt(entry.text, path.split('.'))
  return typeof value === 'object' || value === undefined ? '' : String(value)
}
