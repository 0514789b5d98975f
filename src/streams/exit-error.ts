// The error of a program that had to succeed.

import { hasBrand, KubeError } from '../api/errors'

/** Thrown when a program in a container that serves a file operation exits with a code other than 0. */
export class ExitError extends KubeError {
  /** The exit code. */
  readonly code: number
  /** The beginning of what the program wrote to stderr. */
  readonly stderr: string

  constructor(program: string, code: number, stderr: string) {
    super(`${program} exited with ${code}: ${stderr.trim() || 'it gives no reason'}`)
    this.code = code
    this.stderr = stderr
  }
  override get '~kubeflect'(): readonly string[] {
    return ['ExitError', 'KubeError']
  }
}

/** Whether an error is an {@link ExitError}: a program that failed in the container. */
export const isExitError = (error: unknown): error is ExitError => hasBrand(error, 'ExitError')
