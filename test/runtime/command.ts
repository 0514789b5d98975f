// Runs programs of the project that has the built package installed, in each runtime.
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { inject } from 'vitest'

const installed = (path: string): string => join(import.meta.dirname, '../../node_modules', path)

/** Name, executable and first arguments of each runtime. */
export const runtimeCommands: readonly (readonly [name: string, binary: string, args: readonly string[]])[] = [
  ['Node', process.execPath, []],
  ['Bun', installed('bun/bin/bun.exe'), []],
  ['Deno', installed('deno/deno'), ['run', '--no-remote', '--node-modules-dir=manual', '--allow-all', '--no-prompt', '--quiet']],
]

const running: ChildProcess[] = []

/** Ends what {@link start} has started. */
export function stopCommands(): void {
  for (const child of running.splice(0)) child.kill()
}

/** Starts a program in the project that has the built package installed, and gives the URL it prints. */
export function start(binary: string, args: readonly string[]): Promise<{ url: string; child: ChildProcess }> {
  const child = spawn(binary, args, { cwd: inject('runtimeProject'), stdio: ['ignore', 'pipe', 'pipe'] })
  running.push(child)
  return new Promise((resolve, reject) => {
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
      const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(output) ?? []
      if (url) resolve({ url, child })
    })
    child.stderr.on('data', (chunk) => {
      output += chunk
    })
    child.on('error', reject)
    child.on('exit', (code) => reject(new Error(`${binary} ended with ${code}: ${output}`)))
  })
}
