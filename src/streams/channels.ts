// The messages of exec, attach and port-forward: bytes to channels and back, pure.

import type { Status } from '../api/object'
import { asStatus } from '../codec/envelopes'

/** The channels of a command. @see cri-streaming `remotecommand` */
export const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4, close: 255 } as const

/** A subprotocol that can end stdin. */
export const V5 = 'v5.channel.k8s.io'
/** A subprotocol that cannot end stdin. */
export const V4 = 'v4.channel.k8s.io'

/** The largest part of a stream that is sent as one message. The API server accepts 1 MB, and breaks the connection at 40 MB. */
export const MAX_PART: number = 32 * 1024

/** Encodes a message. */
export function encode(channel: number, data: Uint8Array): Uint8Array {
  const message = new Uint8Array(data.length + 1)
  message[0] = channel
  message.set(data, 1)
  return message
}

/** Returns the status of a command once its text is complete; undefined before. */
export function statusIn(text: string): Status | undefined {
  try {
    // The server leaves `kind` out.
    return asStatus({ kind: 'Status', ...JSON.parse(text) })
  } catch {
    return undefined
  }
}

/** Returns the exit code in a status; undefined when the command could not be started or its exit is unknown. */
export function exitCodeOf({ status, reason, details }: Status): number | undefined {
  if (status === 'Success') return 0
  const cause = reason === 'NonZeroExitCode' ? details?.causes?.find((cause) => cause.reason === 'ExitCode') : undefined
  return cause?.message !== undefined && /^-?\d+$/.test(cause.message) ? Number(cause.message) : undefined
}
