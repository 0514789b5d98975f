// The query of requests that keep a store up to date.

import type { ListOptions } from '../api/options'

/**
 * Returns the query of a request that keeps a store up to date. Loads the parsers of selectors with the first request that has one.
 *
 * @throws SelectorError, TypeError as `checkSelectors`.
 */
export async function entryParams(options: ListOptions): Promise<URLSearchParams> {
  if (needsParser(options)) {
    // The server refuses an invalid selector too, so a page that cannot load the parsers sends the request.
    const loaded = await import('../api/selector-options').catch(() => undefined)
    loaded?.checkSelectors(options)
  }
  return queryOf(options)
}

/** Equality without escapes, as in the request for one object. Such a selector needs no parser. */
const PLAIN_FIELDS = /^[\w.]+=[^\\,=!]*(,[\w.]+=[^\\,=!]*)*$/

function needsParser({ labelSelector, fieldSelector }: ListOptions): boolean {
  if (labelSelector !== undefined && labelSelector !== '') return true
  if (fieldSelector === undefined || fieldSelector === '') return false
  return typeof fieldSelector !== 'string' || !PLAIN_FIELDS.test(fieldSelector)
}

/** Returns the query of validated options: those that are set, named as on the wire. */
export function queryOf(options: object): URLSearchParams {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined && value !== '') params.set(name, String(value))
  }
  return params
}
