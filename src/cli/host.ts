// The machine that a command runs on: its arguments, files and streams.

import { KubeError } from '../api/errors'

/** The parts of the machine that a command needs. */
export interface Host {
  /** The arguments after the program's name. */
  readonly args: readonly string[]
  /** @see Node `util.parseArgs` */
  readonly parseArgs: ParseArgs
  /** The version of this package. */
  version(): Promise<string>
  /** Reads a text file; undefined when it does not exist. @throws KubeError for more than 64 MiB */
  readFile(path: string): Promise<string | undefined>
  /** Reads stdin to its end. @throws KubeError for more than 64 MiB */
  readInput(): Promise<string>
  /**
   * Reads a text file inside a folder; undefined when it does not exist.
   *
   * @param path separated by `/`; no part of it may be a symbolic link, although the folder itself may be one.
   * @throws KubeError when a part is a symbolic link, or is not a file or folder as needed.
   */
  readBelow(folder: string, path: string): Promise<string | undefined>
  /** Writes a file inside a folder and creates missing folders. @throws KubeError like {@link readBelow} */
  writeBelow(folder: string, path: string, text: string): Promise<void>
  /** Writes a line to stdout. */
  print(line: string): void
  /** Writes a line to stderr. */
  complain(line: string): void
}

/** The used part of Node's `util.parseArgs`. */
export type ParseArgs = (config: { args: string[]; options: Readonly<Record<string, OptionConfig>>; allowPositionals: boolean }) => {
  readonly values: Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>
  readonly positionals: readonly string[]
}

/** One option of a command. */
export interface OptionConfig {
  readonly type: 'string' | 'boolean'
  readonly multiple?: boolean
  readonly short?: string
}

/** The used part of Node's `process`. The sources are compiled without Node's types, because most of them run elsewhere. */
interface Process {
  readonly argv: readonly string[]
  exitCode: number
  getBuiltinModule(name: 'node:util'): { readonly parseArgs: ParseArgs }
  getBuiltinModule(name: 'node:path'): { dirname(path: string): string; join(...parts: string[]): string }
  getBuiltinModule(name: 'node:fs/promises'): {
    readFile(path: string | URL, encoding: 'utf8'): Promise<string>
    writeFile(path: string, text: string): Promise<void>
    mkdir(path: string, options: { recursive: true }): Promise<unknown>
    stat(path: string): Promise<{ readonly size: number }>
    lstat(path: string): Promise<{ isSymbolicLink(): boolean; isFile(): boolean; isDirectory(): boolean }>
  }
  readonly stdin: AsyncIterable<Uint8Array>
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
}

/** The maximum size of an input, in bytes: 64 MiB. */
const MAX_BYTES = 64 * 2 ** 20

/**
 * Runs a command on this machine and sets the exit code it returns.
 *
 * @param command receives the host and returns the exit code.
 * @param packageFile the URL of this package's package.json.
 * @throws Error in Node before 20.16, and the errors of the command.
 */
export async function runHere(command: (host: Host) => Promise<number>, packageFile: URL): Promise<void> {
  const { process } = globalThis as unknown as { process: Process }
  if (!process.getBuiltinModule) throw new Error('kubeflect needs Node 20.16 or newer')
  process.exitCode = await command(hostOf(process, packageFile))
}

/** Returns the host of a Node process. */
export function hostOf(process: Process, packageFile: URL): Host {
  const { parseArgs } = process.getBuiltinModule('node:util')
  const { dirname, join } = process.getBuiltinModule('node:path')
  const { readFile, writeFile, mkdir, stat, lstat } = process.getBuiltinModule('node:fs/promises')

  /** Returns whether the file exists. */
  const checkWay = async (folder: string, path: string): Promise<boolean> => {
    const parts = path.split('/')
    for (let i = 1; i <= parts.length; i++) {
      const at = join(folder, ...parts.slice(0, i))
      const found = await unlessMissing(lstat(at))
      if (!found) return false
      if (found.isSymbolicLink()) {
        throw new KubeError(
          `${at} is a symbolic link, and kubeflect does not write through links: remove it, or name another folder with --out`,
        )
      }
      const isFit = i === parts.length ? found.isFile() : found.isDirectory()
      if (!isFit)
        throw new KubeError(
          `${at} exists and is not a ${i === parts.length ? 'file' : 'folder'}: move it, or name another folder with --out`,
        )
    }
    return true
  }

  return {
    args: process.argv.slice(2),
    parseArgs,
    version: async () => {
      const { version } = JSON.parse(await readFile(packageFile, 'utf8')) as { version: string }
      return version
    },
    readFile: async (path) => {
      const found = await unlessMissing(stat(path))
      if (found && found.size > MAX_BYTES) throw new KubeError(`${path} has more than ${MAX_BYTES} bytes`)
      return found && unlessMissing(readFile(path, 'utf8'))
    },
    readInput: async () => {
      const decoder = new TextDecoder()
      let [text, size] = ['', 0]
      for await (const chunk of process.stdin) {
        size += chunk.length
        if (size > MAX_BYTES) throw new KubeError(`stdin has more than ${MAX_BYTES} bytes`)
        text += decoder.decode(chunk, { stream: true })
      }
      return text + decoder.decode()
    },
    readBelow: async (folder, path) => ((await checkWay(folder, path)) ? unlessMissing(readFile(join(folder, path), 'utf8')) : undefined),
    writeBelow: async (folder, path, text) => {
      await checkWay(folder, path)
      const file = join(folder, path)
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, text)
    },
    print: (line) => process.stdout.write(`${line}\n`),
    complain: (line) => process.stderr.write(`${line}\n`),
  }
}

async function unlessMissing<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined
    throw error
  }
}
