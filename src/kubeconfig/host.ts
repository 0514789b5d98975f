import { KubeconfigError } from './error'
import { type ProcessModules, type RunOptions, readAtMost, runProgram } from './process'

export type { RunOptions }

/** What a kubeconfig needs of the machine it is on. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>
  /** What separates the paths in `KUBECONFIG`. */
  readonly listSeparator: string
  /** Whether a user can type something into a plugin. */
  readonly stdinIsTerminal: boolean
  /** A path that is relative to a file, made absolute; the file's own path is relative to where the program runs. */
  resolve(file: string, path: string): string
  /**
   * Reads a file: its bytes, or its text where that is what the machine keeps.
   *
   * @param maxBytes How much of it is used; one byte more shows that a file is longer.
   * @throws an error with the code `ENOENT` when there is no such file.
   */
  readFile(path: string, maxBytes: number): Promise<Uint8Array | string>
  /**
   * Runs a program to its end.
   *
   * @throws an error with the code `ENOENT` when there is no such program, and {@link TOO_MUCH_OUTPUT} when it writes more than it may; the signal's
   *   reason.
   */
  run(command: string, args: readonly string[], options: RunOptions): Promise<{ code: number | null; stdout: string }>
}

/**
 * The machine this runs on.
 *
 * @param env In place of the process's own variables.
 * @throws KubeconfigError outside Node (20.16 or newer), Deno and Bun.
 */
export function currentHost(env?: Host['env']): Host {
  const { process } = globalThis as { process?: ProcessModules }
  if (!process?.getBuiltinModule) throw new KubeconfigError('a kubeconfig can be read in Node (20.16 or newer), Deno and Bun only')
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

/** Whether an error says that there is no such file or program. */
export const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT'

/** Such as `EACCES`: what the system calls an error. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
}
