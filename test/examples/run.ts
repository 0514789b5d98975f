// Runs examples as processes.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, vi } from 'vitest'

const loader = new URL('./source-loader.mjs', import.meta.url).href
const [folder, bin, importMap, tsconfig] = ['examples/', 'node_modules/.bin/', 'test/examples/deno-imports.json', 'tsconfig.test.json'].map(
  (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url)),
)

/** The flags with which each runtime loads TypeScript from the sources, where `kubeflect` resolves to `src/` and imports have no extension. */
const commands = {
  Node: [process.execPath, '--import', loader],
  Deno: [
    `${bin}deno`,
    ...[
      'run',
      '--quiet',
      '--no-lock',
      '--no-remote',
      '--node-modules-dir=manual',
      '--sloppy-imports',
      `--import-map=${importMap}`,
      '--allow-all',
    ],
  ],
  Bun: [`${bin}bun`, `--tsconfig-override=${tsconfig}`],
} as const satisfies Record<string, readonly string[]>

/** A runtime for examples. */
export type Runtime = keyof typeof commands

/** All runtimes for examples. */
export const runtimes = Object.keys(commands) as readonly Runtime[]

/** An example that runs in its own process. */
export interface RunningExample extends AsyncDisposable {
  /** Resolves with the next line of stdout; undefined when the example has ended. */
  line(): Promise<string | undefined>
  /** Returns the text written to stderr so far. */
  stderr(): string
  /** Interrupts the example like Ctrl-C. */
  interrupt(): void
  /** Resolves at the end with the exit code, or the signal that killed it, and the text of stderr. */
  readonly ended: Promise<{ code: number | NodeJS.Signals | null; stderr: string }>
}

/** Starts `node examples/<name>.ts` with arguments, from the sources. */
export function runExample(name: string, ...args: readonly string[]): RunningExample {
  return runPreloaded([], name, ...args)
}

/** Starts an example like {@link runExample}, after loading other modules. */
export function runPreloaded(modules: readonly URL[], name: string, ...args: readonly string[]): RunningExample {
  return start([...commands.Node, ...modules.flatMap(({ href }) => ['--import', href])], name, args)
}

/** Starts an example like {@link runExample}, in another runtime. */
export function runIn(runtime: Runtime, name: string, ...args: readonly string[]): RunningExample {
  return start(commands[runtime], name, args)
}

function start([program = '', ...flags]: readonly string[], name: string, args: readonly string[]): RunningExample {
  const child = spawn(program, [...flags, `${folder}${name}.ts`, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const ended = once(child, 'close').then(([code, signal]) => ({ code: code ?? signal, stderr }))
  return {
    line: async () => (await lines.next()).value,
    stderr: () => stderr,
    interrupt: () => void child.kill('SIGINT'),
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** Interrupts an example, and expects it to exit without an error and without open requests on its server. */
export async function expectCleanExit(example: RunningExample, api: { readonly openRequests: readonly unknown[] }): Promise<void> {
  example.interrupt()
  expect(await example.line()).toBeUndefined()
  expect(await example.ended).toEqual({ code: 0, stderr: '' })
  await vi.waitUntil(() => api.openRequests.length === 0)
}
