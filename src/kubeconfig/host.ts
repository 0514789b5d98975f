import { KubeconfigError } from './error'

/** What a kubeconfig needs of the machine it is on. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>
  /** What separates the paths in `KUBECONFIG`. */
  readonly listSeparator: string
  /** Whether somebody can type something into a plugin. */
  readonly stdinIsTerminal: boolean
  /** A path that is relative to a file, made absolute; the file's own path is relative to where the program runs. */
  resolve(file: string, path: string): string
  /** @throws an error with the code `ENOENT` when there is no such file. */
  readFile(path: string): Promise<string>
  /**
   * Runs a program to its end. Its stderr is that of this process.
   *
   * @throws an error with the code `ENOENT` when there is no such program; the signal's reason.
   */
  run(command: string, args: readonly string[], options: RunOptions): Promise<{ code: number | null; stdout: string }>
}

/** How to run a program. */
export interface RunOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  /** `inherit`: it reads what is typed. */
  readonly stdin: 'inherit' | 'ignore'
  /** Ends the program. */
  readonly signal: AbortSignal
}

/** As much as is used of what Node, Deno and Bun call `process`. The sources are compiled without Node's types: most of them run elsewhere. */
interface Process {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: { readonly isTTY?: boolean }
  getBuiltinModule(name: 'node:fs/promises'): { readFile(path: string, encoding: 'utf8'): Promise<string> }
  getBuiltinModule(name: 'node:path'): { delimiter: string; dirname(path: string): string; resolve(...paths: string[]): string }
  getBuiltinModule(name: 'node:child_process'): {
    spawn(command: string, args: readonly string[], options: object): ChildProcess
  }
}

interface ChildProcess {
  readonly stdout: { setEncoding(encoding: 'utf8'): { on(event: 'data', listener: (text: string) => void): void } }
  on(event: 'error', listener: (error: Error) => void): ChildProcess
  on(event: 'close', listener: (code: number | null) => void): ChildProcess
}

/**
 * The machine this runs on.
 *
 * @param env In place of the process's own variables.
 * @throws KubeconfigError outside Node (20.16 or newer), Deno and Bun.
 */
export function currentHost(env?: Host['env']): Host {
  const { process } = globalThis as { process?: Process }
  if (!process?.getBuiltinModule) throw new KubeconfigError('a kubeconfig can be read in Node (20.16 or newer), Deno and Bun only')
  const path = process.getBuiltinModule('node:path')
  return {
    env: env ?? process.env,
    listSeparator: path.delimiter,
    stdinIsTerminal: process.stdin.isTTY === true,
    resolve: (file, to) => path.resolve(path.dirname(file), to),
    readFile: (file) => process.getBuiltinModule('node:fs/promises').readFile(file, 'utf8'),
    run: (command, args, { env, stdin, signal }) =>
      new Promise((resolve, reject) => {
        const { spawn } = process.getBuiltinModule('node:child_process')
        const child = spawn(command, args, { env, signal, stdio: [stdin, 'pipe', 'inherit'] })
        let stdout = ''
        child.stdout.setEncoding('utf8').on('data', (text) => {
          stdout += text
        })
        child.on('error', reject).on('close', (code) => resolve({ code, stdout }))
      }),
  }
}

/** Whether an error says that there is no such file or program. */
export const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT'

/** Such as `EACCES`: what the system calls an error. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
}
