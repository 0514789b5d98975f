// The machine that a kubeconfig is read on: its files, environment variables and programs.

import { KubeconfigError } from './error'
import { type ProcessModules, type RunOptions, readAtMost, runProgram } from './process'

export type { RunOptions }

/** The parts of the machine that a kubeconfig needs. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The separator of the paths in `KUBECONFIG`. */
  readonly listSeparator: string
  /** Whether a plugin can prompt the user: standard input is a terminal. */
  readonly stdinIsTerminal: boolean
  /** Resolves a path relative to a file. The file's own path is relative to the working directory. */
  resolve(file: string, path: string): string
  /**
   * Reads a file as bytes, or as text where the machine stores text.
   *
   * @param maxBytes the maximum size. One more byte is read, to detect a longer file.
   * @throws an error with the code `ENOENT` when the file does not exist.
   */
  readFile(path: string, maxBytes: number): Promise<Uint8Array | string>
  /**
   * Runs a program to its end.
   *
   * @throws an error with the code `ENOENT` when the program does not exist, or {@link TOO_MUCH_OUTPUT} when it writes more than allowed;
   *   the reason of the signal when it is aborted.
   */
  run(command: string, args: readonly string[], options: RunOptions): Promise<{ code: number | null; stdout: string }>
}

/**
 * Returns the machine that this process runs on.
 *
 * @param env replaces the environment variables of the process.
 * @throws KubeconfigError outside Node (20.16 or newer), Deno and Bun.
 */
export function currentHost(env?: Host['env']): Host {
  const { process } = globalThis as { process?: ProcessModules }
  if (!process?.getBuiltinModule)
    throw new KubeconfigError('cannot read a kubeconfig in this runtime; use Node 20.16 or newer, Deno or Bun')
  const path = process.getBuiltinModule('node:path')
  return {
    env: env ?? process.env,
    listSeparator: path.delimiter,
    stdinIsTerminal: process.stdin.isTTY === true,
    resolve: (file, to) => path.resolve(path.dirname(file), to),
    readFile: (file, maxBytes) => readAtMost(process, file, maxBytes + 1),
    run: (command, args, options) => runProgram(process, command, args, options),
  }
}

/** Whether an error reports a missing file or program. */
export const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT'

/** Returns the system's code for an error, such as `EACCES`. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
}
