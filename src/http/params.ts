import { checkSelectors } from '../api/selector-options'
import { queryOf } from './entry-params'

/**
 * The query of a request: the options that are set, under the wire's own names.
 *
 * @throws SelectorError, TypeError as {@link checkSelectors}.
 */
export function searchParams(options: object): URLSearchParams {
  checkSelectors(options)
  return queryOf(options)
}
