// Reads and writes files of a container with the programs `cat` and `tee`, without a shell.

import type { StreamClient } from '../http/handshake'
import { exec, type PodTarget } from './exec'
import { ExitError } from './exit-error'
import { runCommand } from './run'

/** Identifies a file or folder in a container. */
export interface FileTarget extends PodTarget {
  /** The path, absolute or relative to the container's working directory. */
  path: string
}

/** The length of an error output that is kept, in characters. */
export const MAX_STDERR = 4_096

/**
 * Reads a file of a container, with the container's `cat`.
 *
 * @returns the file's bytes as they arrive. The stream breaks when `cat` fails later, so that a part does not pass for the whole.
 * @throws ExitError with the message of `cat` when the file does not exist or cannot be read; otherwise like {@link exec}.
 * @example
 * ```ts
 * const file = await readFile(client, { namespace: 'shop', name: 'web-1', path: '/etc/hosts' })
 * console.log(await new Response(file).text())
 * ```
 */
export async function readFile(client: StreamClient, { path, ...target }: FileTarget): Promise<ReadableStream<Uint8Array>> {
  return runToRead(client, target, ['cat', '--', path])
}

/**
 * Writes a file of a container, with the container's `tee`. Replaces its contents; a failure can leave a part of them.
 *
 * @throws ExitError with the message of `tee` when the file cannot be written; otherwise like {@link exec}, and what `data` throws.
 * @example
 * ```ts
 * await writeFile(client, { namespace: 'shop', name: 'web-1', path: '/tmp/greeting' }, 'hello\n')
 * ```
 */
export async function writeFile(
  client: StreamClient,
  { path, ...target }: FileTarget,
  data: string | Uint8Array | Blob | ReadableStream<Uint8Array>,
): Promise<void> {
  const input = data instanceof Blob ? (data.stream() as ReadableStream<Uint8Array>) : data
  const { code, stderr } = await runCommand(client, { ...target, command: ['tee', '--', path], input, stdout: false })
  if (code !== 0) throw new ExitError('tee', code, stderr.slice(0, MAX_STDERR))
}

/**
 * Runs a program for its output.
 *
 * @returns the output; it breaks when the program fails after it has written something.
 * @throws ExitError when the program fails before it has written anything; otherwise like {@link exec}.
 */
export async function runToRead(
  client: StreamClient,
  target: PodTarget,
  command: readonly [program: string, ...args: string[]],
): Promise<ReadableStream<Uint8Array>> {
  const process = await exec(client, { ...target, command })
  const stderr = beginningOf(process.stderr)
  const output = process.stdout.getReader()
  const succeed = async (): Promise<void> => {
    const { code } = await process.exit
    if (code !== 0) throw new ExitError(command[0], code, await stderr)
  }
  let first: ReadableStreamReadResult<Uint8Array> | undefined = await output.read()
  if (first.done) await succeed()
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = first ?? (await output.read())
        first = undefined
        if (!done) return controller.enqueue(value)
        await succeed()
        controller.close()
      },
      cancel: () => process.close(),
    },
    { highWaterMark: 0 },
  )
}

/** Reads a stream to its end, and returns the beginning of its text. */
async function beginningOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  const reader = stream.getReader()
  const decoder = new TextDecoder()
  let text = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      if (text.length < MAX_STDERR) text += decoder.decode(value, { stream: true })
    }
  } catch {
    // The process reports the error.
  }
  return text.slice(0, MAX_STDERR)
}
