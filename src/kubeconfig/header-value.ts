// Checks values for HTTP headers without quoting them.

import { characterProblem } from '../http/header-value'
import { KubeconfigError } from './error'

/**
 * Checks that an HTTP header can hold a value. The runtime's own error quotes the value, which may be a secret; this one names only its
 * origin.
 *
 * @param origin names the value at the start of the message: `user "admin" (~/.kube/config): token`.
 * @throws KubeconfigError when the value has a line break, a control character or a character beyond Latin-1.
 */
export function checkHeaderValue(value: string, origin: string): string {
  const problem = /[\r\n]/.test(value) ? 'has a line break' : characterProblem(value)
  if (problem) throw new KubeconfigError(`${origin} ${problem}, so no HTTP header can carry it; its value is not shown`)
  return value
}
