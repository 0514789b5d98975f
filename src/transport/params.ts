import { checkSelectors } from '../meta/selector-options'

/**
 * The query of a request: the options that are set, under the wire's own names.
 *
 * @throws SelectorError, TypeError as {@link checkSelectors}.
 */
export function searchParams(options: object): URLSearchParams {
  checkSelectors(options)
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined && value !== '') params.set(name, String(value))
  }
  return params
}
