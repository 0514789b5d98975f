import { join } from 'node:path'
import { inject } from 'vitest'
import { program, type RuntimeUnderTest } from './describe-runtime.ts'
import { dependencies } from './node-22/package.json' with { type: 'json' }

// The runtimes that are programs. npm installed all of them.

const installed = (path: string): string => join(import.meta.dirname, '../../node_modules', path)

/** Node says of its SQLite that it is experimental. */
const nodeArgs = ['--disable-warning=ExperimentalWarning', 'node.js']

/** The Node that runs the tests. */
export const newerNode: RuntimeUnderTest = {
  name: `Node ${process.versions.node}`,
  storages: ['memory', 'node:sqlite'],
  ...program(process.execPath, nodeArgs),
}

/** The oldest Node that is still maintained. */
export function olderNode(): RuntimeUnderTest {
  const node = inject('olderNode')
  return {
    name: `Node ${dependencies.node}`,
    storages: ['memory', 'node:sqlite'],
    ...('skipped' in node ? { skipped: node.skipped, run: async () => [] } : program(node.binary, nodeArgs)),
  }
}

/** Bun. */
export const bun: RuntimeUnderTest = {
  name: 'Bun',
  storages: ['memory', 'bun:sqlite'],
  ...program(installed('bun/bin/bun.exe'), ['bun.js']),
}

/** Deno. */
export const deno: RuntimeUnderTest = {
  name: 'Deno',
  storages: ['memory', 'node:sqlite', 'Deno KV'],
  ...program(installed('deno/deno'), [
    'run',
    '--no-remote',
    '--node-modules-dir=manual',
    '--unstable-kv',
    '--allow-all',
    '--no-prompt',
    '--quiet',
    'deno.js',
  ]),
}
