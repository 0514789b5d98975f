// The query of requests.

import { checkSelectors } from '../api/selector-options'
import { queryOf } from './entry-params'

/**
 * Returns the query of a request: the options that are set, named as on the wire.
 *
 * @throws SelectorError, TypeError as {@link checkSelectors}.
 */
export function searchParams(options: object): URLSearchParams {
  checkSelectors(options)
  return queryOf(options)
}
