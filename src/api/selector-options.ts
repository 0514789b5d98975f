// Checks the selectors of a request before it is sent.

import { parseFieldSelector } from './field-selectors'
import { shown } from './path-segment'
import { parseLabelSelector } from './selectors'

/**
 * Checks the selectors of a request. Accepts what an API server accepts.
 *
 * @throws SelectorError with the column of the error; TypeError when a selector is not a string.
 */
export function checkSelectors(options: {
  readonly labelSelector?: string | undefined
  readonly fieldSelector?: string | undefined
}): void {
  checkSelector('labelSelector', options.labelSelector, { parse: parseLabelSelector, example: 'app=web,tier!=db' })
  checkSelector('fieldSelector', options.fieldSelector, { parse: parseFieldSelector, example: 'spec.nodeName=n1' })
}

function checkSelector(
  name: string,
  selector: unknown,
  { parse, example }: { parse: (selector: string) => unknown; example: string },
): void {
  if (selector === undefined) return
  if (typeof selector !== 'string') throw new TypeError(`${name} must be a string such as '${example}', got ${shown(selector)}`)
  parse(selector)
}
