// The errors of streams, with a guard for each.

import { hasBrand, KubeError } from '../api/errors'
import type { Status } from '../api/object'

/** Thrown when the server reports that a command failed without an exit code: it could not be started, or its exit is unknown. */
export class CommandError extends KubeError {
  /** The server's account. */
  readonly status: Status

  constructor(status: Status) {
    super(`no exit code: ${status.message || status.reason}`)
    this.status = status
  }
  override get '~kubeflect'(): readonly string[] {
    return ['CommandError', 'KubeError']
  }
}

/** Thrown when a stream holds more unread bytes than its bound, or blocks the others because it is not read. */
export class StreamOverflowError extends KubeError {
  /** The stream that was not read. */
  readonly stream: 'stdout' | 'stderr' | 'data'
  /** The bound, in bytes. */
  readonly limit: number

  constructor(stream: StreamOverflowError['stream'], limit: number) {
    super(`${stream} has more than ${limit} unread bytes: read it, or cancel it to discard them`)
    this.stream = stream
    this.limit = limit
  }
  override get '~kubeflect'(): readonly string[] {
    return ['StreamOverflowError', 'KubeError']
  }
}

/** Whether an error is a {@link CommandError}: a command without an exit code. */
export const isCommandError = (error: unknown): error is CommandError => hasBrand(error, 'CommandError')
/** Whether an error is a {@link StreamOverflowError}: a stream that is not read. */
export const isStreamOverflowError = (error: unknown): error is StreamOverflowError => hasBrand(error, 'StreamOverflowError')
