// The error of an informer whose user has logged out.

import { hasBrand, KubeError } from '../api/errors'

/** The status error of an informer that ended because `forget()` was called for its user, in this or another tab. */
export class ClearedError extends KubeError {
  override get '~kubeflect'(): readonly string[] {
    return ['ClearedError', 'KubeError']
  }
}

/** Whether a value is a {@link ClearedError}, also one of another copy of the package. */
export function isClearedError(value: unknown): value is ClearedError {
  return hasBrand(value, 'ClearedError')
}
