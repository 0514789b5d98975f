// Parses and evaluates field selectors.

import { escapeFieldValue } from './name-selector'
import { SelectorError } from './selectors'

/** A parsed field selector. */
export interface FieldSelector {
  /** Whether it selects everything. */
  readonly empty: boolean
  /** The paths it tests, sorted. */
  readonly paths: readonly string[]
  /** The only value that the selector accepts at a path; undefined when it accepts more than one. */
  exactValue(path: string): string | undefined
  /**
   * Whether the selector matches an object.
   *
   * @param read returns the value at a path such as `status.phase`, or the empty string when there is no value. See {@link fieldOf}.
   */
  matches(read: (path: string) => string): boolean
  /** The canonical form. Selectors that differ only in the order of their terms have the same one. */
  toString(): string
}

interface Requirement {
  readonly path: string
  readonly equal: boolean
  readonly value: string
}

/**
 * Parses a field selector: `path=value`, `path==value` or `path!=value`, joined by commas. In a value, `\,`, `\=` and `\\` are escapes for
 * the characters themselves. Accepts any path; an API server supports only a few for each resource.
 *
 * @throws SelectorError with the column and what was expected there.
 * @see apimachinery `fields.ParseSelector`
 */
export function parseFieldSelector(selector: string): FieldSelector {
  const requirements = Array.from(selector.matchAll(/(\\.|[^,\\]|\\$)+/gs), ({ 0: term, index }) => parseTerm(selector, term, index))
  requirements.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
  return {
    empty: requirements.length === 0,
    paths: requirements.map(({ path }) => path),
    exactValue: (wanted) => requirements.find(({ path, equal }) => equal && path === wanted)?.value,
    matches: (read) => requirements.every(({ path, equal, value }) => (read(path) === value) === equal),
    toString: () => requirements.map(({ path, equal, value }) => `${path}${equal ? '=' : '!='}${escapeFieldValue(value)}`).join(','),
  }
}

function parseTerm(selector: string, term: string, start: number): Requirement {
  const operator = /!=|==|=/.exec(term)
  if (!operator) throw new SelectorError(selector, start + term.length, `expected '=', '==' or '!=' after '${term}'`)
  const path = term.slice(0, operator.index)
  if (path === '') throw new SelectorError(selector, start, `expected a field's path, found '${operator[0]}'`)
  const from = operator.index + operator[0].length
  return { path, equal: operator[0] !== '!=', value: unescapeValue(selector, term.slice(from), start + from) }
}

function unescapeValue(selector: string, value: string, start: number): string {
  return value.replace(/\\(.?)|=/gs, (match: string, escaped: string | undefined, at: number) => {
    if (escaped === undefined) throw new SelectorError(selector, start + at, "expected '\\=' where '=' is part of a value")
    if (!/^[\\,=]$/.test(escaped)) throw new SelectorError(selector, start + at, `expected '\\\\', '\\,' or '\\=', found '${match}'`)
    return escaped
  })
}

/** Returns the value at a path of an object as field selectors compare it; the empty string when it is absent or not a scalar. */
export function fieldOf(object: unknown, path: string): string {
  let value = object
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return ''
    value = (value as Record<string, unknown>)[key]
  }
  return typeof value === 'object' || value === undefined ? '' : String(value)
}
