// Starts load servers and `kubectl proxy`.
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { buildCluster } from '../../test/cluster/build.ts'
import type { LoadFacts, LoadOptions } from '../load/frames.ts'
import { bundle } from './build.ts'

/** A listening load server. */
export interface RunningLoad extends LoadFacts, AsyncDisposable {
  readonly url: string
}

/**
 * Starts a load server in its own process, which ends with this one.
 *
 * @throws Error when it ends before it listens.
 */
export async function startLoad(options: LoadOptions): Promise<RunningLoad> {
  const script = await bundle('load/server.ts', { platform: 'node' })
  // The text of 200,000 pods exceeds Node's default heap.
  const child = spawn(process.execPath, ['--max-old-space-size=8192', script, JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const facts = JSON.parse(await firstLine(child, 'the load server'))
  return {
    ...facts,
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.stdin.end()
      await ended
    },
  }
}

/**
 * Starts `kubectl proxy` in front of a load, with the kubectl of the cluster tests.
 *
 * @throws Error when kubectl cannot be built, or ends before it listens.
 */
export async function startProxy(url: string): Promise<AsyncDisposable & { readonly url: string }> {
  const binary = await buildCluster()
  const child = spawn(binary, ['kubectl', 'proxy', `--server=${url}`, '--port=0', '--kubeconfig='], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const line = await firstLine(child, 'kubectl proxy', 'Starting to serve on ')
  return {
    url: `http://${line.split(' ').at(-1)}`,
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill()
      await ended
    },
  }
}

/**
 * Returns the first line of a program's output that starts with a prefix.
 *
 * @param start default `{`, for JSON.
 * @throws Error when the program ends without such a line.
 */
export async function firstLine(child: ChildProcess, name: string, start = '{'): Promise<string> {
  if (!child.stdout) throw new TypeError('the standard output is not a pipe')
  const lines = createInterface({ input: child.stdout })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    lines.on('line', (line) => line.startsWith(start) && resolve(line))
    lines.on('close', () => reject(new Error(`${name} ended before it printed the expected line; see its output above`)))
  })
}
