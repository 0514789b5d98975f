// Runs a command to its end, and collects its output.

import type { StreamClient } from '../http/handshake'
import { StreamOverflowError } from './errors'
import { type AttachOptions, exec, type PodTarget } from './exec'

/** Options of {@link runCommand}. */
export interface RunCommandOptions extends PodTarget, Pick<AttachOptions, 'stdout' | 'maxUnread' | 'keepAliveMs'> {
  /** The program and its arguments. */
  command: readonly string[]
  /** The command's input; default none. */
  input?: string | Uint8Array | ReadableStream<Uint8Array> | undefined
  /** The maximum size of each output, in bytes; default 16 MiB. */
  maxOutput?: number | undefined
}

/** The result of a command. */
export interface CommandResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const DEFAULT_MAX_OUTPUT = 16 * 1024 * 1024

/**
 * Runs a command in a container to its end. An exit code other than 0 is a result.
 *
 * @returns the exit code, and the outputs as UTF-8 text.
 * @throws like {@link exec} and `exit`; StreamOverflowError when an output is longer than `maxOutput`.
 * @example
 * ```ts
 * const { code, stdout } = await runCommand(client, { namespace: 'shop', name: 'web-1', command: ['cat', '/etc/hosts'] })
 * ```
 */
export async function runCommand(
  client: StreamClient,
  { input, maxOutput = DEFAULT_MAX_OUTPUT, ...options }: RunCommandOptions,
): Promise<CommandResult> {
  if (input === undefined) {
    await using process = await exec(client, options)
    return await collect(process, maxOutput)
  }
  await using process = await exec(client, { ...options, stdin: true })
  const body = input instanceof ReadableStream ? input : (new Blob([input as BlobPart]).stream() as ReadableStream<Uint8Array>)
  const ended = collect(process, maxOutput)
  let isOver = false
  const over = () => {
    isOver = true
  }
  process.exit.then(over, over)
  const sent = body.pipeTo(process.stdin).catch((error: unknown) => {
    // A command may end without reading its input. But one that waits for the end of an input that failed would never end.
    if (!isOver) throw error
  })
  return await Promise.race([ended, sent.then(() => ended)])
}

type Outputs = Awaited<ReturnType<typeof exec>>

async function collect({ stdout, stderr, exit }: Outputs, limit: number): Promise<CommandResult> {
  const outputs = Promise.all([textOf(stdout, 'stdout', limit), textOf(stderr, 'stderr', limit)])
  const [[out, err], { code }] = await Promise.all([outputs, exit])
  return { code, stdout: out, stderr: err }
}

async function textOf(stream: ReadableStream<Uint8Array>, name: 'stdout' | 'stderr', limit: number): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let length = 0
  const reader = stream.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    length += value.length
    if (length > limit) throw new StreamOverflowError(name, limit)
    text += decoder.decode(value, { stream: true })
  }
}
