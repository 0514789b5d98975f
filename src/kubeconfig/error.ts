// The error of a kubeconfig that cannot be used.

import { hasBrand, KubeError } from '../api/errors'

/**
 * A kubeconfig, or something it refers to, cannot be used. The message names the file, the context or entry, and the field. It never
 * contains a key, a token or the output of a plugin.
 */
export class KubeconfigError extends KubeError {
  override get '~kubeflect'(): readonly string[] {
    return ['KubeconfigError', 'KubeError']
  }
}

/** Whether an error is about a kubeconfig, or about something that it refers to. */
export const isKubeconfigError = (error: unknown): error is KubeconfigError => hasBrand(error, 'KubeconfigError')
