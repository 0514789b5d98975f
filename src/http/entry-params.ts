import type { ListOptions } from '../api/options'

/**
 * The query of a request that keeps a store up to date. The parsers of selectors are loaded for the first request that has one.
 *
 * @throws SelectorError, TypeError as `checkSelectors`.
 */
export async function entryParams(options: ListOptions): Promise<URLSearchParams> {
  if (needsParser(options)) {
    // A server refuses what is broken too, so a page that cannot load the parsers sends the request.
    const loaded = await import('../api/selector-options').catch(() => undefined)
    loaded?.checkSelectors(options)
  }
  return queryOf(options)
}

/** Equality of names and values without escapes, as in the question for one object: nothing in it can be broken. */
const PLAIN_FIELDS = /^[\w.]+=[^\\,=!]*(,[\w.]+=[^\\,=!]*)*$/

function needsParser({ labelSelector, fieldSelector }: ListOptions): boolean {
  if (labelSelector !== undefined && labelSelector !== '') return true
  if (fieldSelector === undefined || fieldSelector === '') return false
  return typeof fieldSelector !== 'string' || !PLAIN_FIELDS.test(fieldSelector)
}

/** The query of options that were checked: those that are set, under the wire's own names. */
export function queryOf(options: object): URLSearchParams {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined && value !== '') params.set(name, String(value))
  }
  return params
}
