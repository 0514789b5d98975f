// Runs programs and reads files through Node’s `process`, with bounds on both.

import { concat } from '../internal/concat'
import { decodeText } from './text'

/** Options of a program run. */
export interface RunOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The standard input: `inherit` passes this process's standard input and standard error to the program. */
  readonly stdin: 'inherit' | 'ignore'
  /** A signal that kills the program when it is aborted. */
  readonly signal: AbortSignal
  /** The maximum length of standard output, in bytes; a program that writes more is killed. */
  readonly maxOutputBytes: number
  /** The maximum length of standard error passed on to this process, in bytes; the rest is dropped. */
  readonly maxErrorBytes: number
}

/** The error code when a program writes more than `maxOutputBytes`; the same as Node's. */
export const TOO_MUCH_OUTPUT = 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER'

/**
 * The used members of `process` in Node, Deno and Bun. The sources are compiled without Node's types, because most of them run elsewhere.
 */
export interface ProcessModules {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: { readonly isTTY?: boolean }
  readonly stderr: { write(bytes: Uint8Array): unknown }
  getBuiltinModule(name: 'node:fs/promises'): { open(path: string): Promise<FileHandle> }
  getBuiltinModule(name: 'node:path'): { delimiter: string; dirname(path: string): string; resolve(...paths: string[]): string }
  getBuiltinModule(name: 'node:child_process'): {
    spawn(command: string, args: readonly string[], options: object): ChildProcess
  }
}

interface FileHandle {
  read(buffer: Uint8Array, offset: number, length: number, position: null): Promise<{ bytesRead: number }>
  close(): Promise<void>
}

interface Readable {
  on(event: 'data', listener: (bytes: Uint8Array) => void): void
  destroy(): void
}

interface ChildProcess {
  readonly stdout: Readable
  readonly stderr: Readable | null
  kill(signal: 'SIGKILL'): void
  unref(): void
  on(event: 'error', listener: (error: Error) => void): ChildProcess
  on(event: 'close', listener: (code: number | null) => void): ChildProcess
}

const PIECE = 64 * 1024

/** Reads the beginning of a file, which may be a pipe (`<(…)`) or endless (`/dev/zero`). */
export async function readAtMost(process: ProcessModules, path: string, maxBytes: number): Promise<Uint8Array> {
  const file = await process.getBuiltinModule('node:fs/promises').open(path)
  try {
    const pieces: Uint8Array[] = []
    let length = 0
    while (length < maxBytes) {
      const piece = new Uint8Array(Math.min(PIECE, maxBytes - length))
      const { bytesRead } = await file.read(piece, 0, piece.length, null)
      if (bytesRead === 0) break
      pieces.push(piece.subarray(0, bytesRead))
      length += bytesRead
    }
    return concat(pieces)
  } finally {
    await file.close()
  }
}

/** Runs a program; see `Host.run`. */
export function runProgram(
  process: ProcessModules,
  command: string,
  args: readonly string[],
  { env, stdin, signal, maxOutputBytes, maxErrorBytes }: RunOptions,
): Promise<{ code: number | null; stdout: string }> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const { spawn } = process.getBuiltinModule('node:child_process')
    // An interactive plugin prompts on standard error and must see a terminal there.
    const child = spawn(command, args, { env, stdio: [stdin, 'pipe', stdin === 'inherit' ? 'inherit' : 'pipe'] })
    const output: Uint8Array[] = []
    let outputLength = 0
    let errorLength = 0
    // A killed program can leave children that hold its pipes open. Do not wait for them.
    const kill = (reason: unknown) => {
      child.kill('SIGKILL')
      child.stdout.destroy()
      child.stderr?.destroy()
      child.unref()
      reject(reason)
    }
    const abort = () => kill(signal.reason)
    signal.addEventListener('abort', abort)
    const settle = () => signal.removeEventListener('abort', abort)
    child.stdout.on('data', (bytes) => {
      outputLength += bytes.length
      if (outputLength > maxOutputBytes) {
        settle()
        kill(Object.assign(new Error('too much output'), { code: TOO_MUCH_OUTPUT }))
      } else output.push(bytes)
    })
    child.stderr?.on('data', (bytes) => {
      if (errorLength < maxErrorBytes) process.stderr.write(bytes.subarray(0, maxErrorBytes - errorLength))
      errorLength += bytes.length
    })
    child
      .on('error', (error) => {
        settle()
        reject(error)
      })
      .on('close', (code) => {
        settle()
        resolve({ code, stdout: textOf(concat(output)) })
      })
  })
}

/** Decodes standard output. A credential is text, so other bytes become the empty string, which does not parse. */
function textOf(bytes: Uint8Array): string {
  try {
    return decodeText(bytes)
  } catch {
    return ''
  }
}
