import { join } from 'node:path'
import { inject } from 'vitest'
import { program, type RuntimeUnderTest } from './describe-runtime.ts'
import { dependencies } from './node-22/package.json' with { type: 'json' }

// The runtimes that are programs. npm installed all of them.

const installed = (path: string): string => join(import.meta.dirname, '../../node_modules', path)

/** The program and the arguments before a script. */
export type CommandLine = readonly string[]

/** Node says of its SQLite that it is experimental. */
const nodeArgs = ['--disable-warning=ExperimentalWarning']

/** The Node that runs the tests. */
export const nodeCommand: CommandLine = [process.execPath, ...nodeArgs]
/** Bun. */
export const bunCommand: CommandLine = [installed('bun/bin/bun.exe')]
/** Deno. */
export const denoCommand: CommandLine = [
  installed('deno/deno'),
  ...['run', '--no-remote', '--node-modules-dir=manual', '--unstable-kv', '--allow-all', '--no-prompt', '--quiet'],
]

/** The Node that runs the tests. */
export const newerNode: RuntimeUnderTest = {
  name: `Node ${process.versions.node}`,
  storages: ['memory', 'node:sqlite'],
  ...program([...nodeCommand, 'node.js']),
}

/** The command of the oldest Node that is still maintained, or why it cannot be run. */
export function olderNodeCommand(): { readonly command: CommandLine } | { readonly skipped: string } {
  const node = inject('olderNode')
  return 'skipped' in node ? node : { command: [node.binary, ...nodeArgs] }
}

/** The oldest Node that is still maintained. */
export function olderNode(): RuntimeUnderTest {
  const node = olderNodeCommand()
  return {
    name: `Node ${dependencies.node}`,
    storages: ['memory', 'node:sqlite'],
    ...('skipped' in node ? { skipped: node.skipped, run: async () => [] } : program([...node.command, 'node.js'])),
  }
}

/** Bun. */
export const bun: RuntimeUnderTest = {
  name: 'Bun',
  storages: ['memory', 'bun:sqlite'],
  ...program([...bunCommand, 'bun.js']),
}

/** Deno. */
export const deno: RuntimeUnderTest = {
  name: 'Deno',
  storages: ['memory', 'node:sqlite', 'Deno KV'],
  ...program([...denoCommand, 'deno.js']),
}
