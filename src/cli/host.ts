/** What a command needs of the machine it runs on. */
export interface Host {
  /** What was written after the command's name. */
  readonly args: readonly string[]
  /** @see Node `util.parseArgs` */
  readonly parseArgs: ParseArgs
  /** The text of a file; undefined when there is none. */
  readFile(path: string): Promise<string | undefined>
  /** Writes a file, and the folders it is to be in. */
  writeFile(path: string, text: string): Promise<void>
  /** Writes a line to stdout. */
  print(line: string): void
  /** Writes a line to stderr. */
  complain(line: string): void
}

/** As much as is used of Node's `util.parseArgs`. */
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

/** As much as is used of Node's `process`. The sources are compiled without Node's types: most of them run elsewhere. */
interface Process {
  readonly argv: readonly string[]
  exitCode: number
  getBuiltinModule(name: 'node:util'): { readonly parseArgs: ParseArgs }
  getBuiltinModule(name: 'node:path'): { dirname(path: string): string }
  getBuiltinModule(name: 'node:fs/promises'): {
    readFile(path: string, encoding: 'utf8'): Promise<string>
    writeFile(path: string, text: string): Promise<void>
    mkdir(path: string, options: { recursive: true }): Promise<unknown>
  }
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
}

/**
 * Runs a command on this machine, and ends with the exit code it gives.
 *
 * @param command is given the host, and gives the exit code.
 * @throws Error in Node before 20.16; what the command throws.
 */
export async function runHere(command: (host: Host) => Promise<number>): Promise<void> {
  const { process } = globalThis as unknown as { process: Process }
  if (!process.getBuiltinModule) throw new Error('kubeflect needs Node 20.16 or newer')
  const { parseArgs } = process.getBuiltinModule('node:util')
  const { dirname } = process.getBuiltinModule('node:path')
  const { readFile, writeFile, mkdir } = process.getBuiltinModule('node:fs/promises')
  process.exitCode = await command({
    args: process.argv.slice(2),
    parseArgs,
    readFile: (path) =>
      readFile(path, 'utf8').catch((error) => {
        if (error.code === 'ENOENT') return undefined
        throw error
      }),
    writeFile: async (path, text) => {
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, text)
    },
    print: (line) => process.stdout.write(`${line}\n`),
    complain: (line) => process.stderr.write(`${line}\n`),
  })
}
