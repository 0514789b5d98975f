import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout } from 'node:timers/promises'

/** One running part of the control plane. */
export interface Component {
  readonly pid: number
  /** What it has written so far. */
  log(): string
  /** Asks it to end, and makes it end when it does not within 10 s; resolves when it is gone. */
  stop(): Promise<void>
  /** Ends it at once; resolves when it is gone. */
  kill(): Promise<void>
  /** @throws Error with the end of its log when it has ended by itself. */
  assertRunning(): void
}

/** Starts a component, its output in `logFile`. It ends with this process, however that ends. */
export function startComponent(binary: string, name: string, args: readonly string[], logFile: string): Component {
  const log = openSync(logFile, 'a')
  // The pipe at its standard input is never written to: it closes when this process is gone, and the component ends itself.
  const child = spawn(binary, [name, ...args], { stdio: ['pipe', log, log], env: { ...process.env, EXIT_WITH_PARENT: '1' } })
  closeSync(log)
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()).once('error', () => resolve()))
  const { pid } = child
  if (pid === undefined) throw new Error(`${name}: ${binary} cannot be started`)
  return {
    pid,
    log: () => readFileSync(logFile, 'utf8'),
    async stop() {
      child.kill('SIGTERM')
      const settled = new AbortController()
      const patience = setTimeout(10_000, undefined, { signal: settled.signal }).then(
        () => child.kill('SIGKILL'),
        () => undefined,
      )
      await gone
      settled.abort()
      await patience
    },
    async kill() {
      child.kill('SIGKILL')
      await gone
    },
    assertRunning() {
      if (hasEnded(child)) throw new Error(`${name} ended by itself; the end of its log:\n${readFileSync(logFile, 'utf8').slice(-2_000)}`)
    },
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

/**
 * Waits until `condition` gives something other than `undefined`, and gives that.
 *
 * @throws Error naming `what` when that takes longer than `timeoutMs`; whatever `condition` throws.
 */
export async function until<T>(what: string, condition: () => T | undefined | Promise<T | undefined>, timeoutMs = 60_000): Promise<T> {
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; await setTimeout(50)) {
    const value = await condition()
    if (value !== undefined) return value
  }
  throw new Error(`waited ${timeoutMs} ms for ${what}, in vain`)
}

/** Finds `count` ports of 127.0.0.1 that nobody listens on. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer()
      await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
      return server
    }),
  )
  // All are held until each has one: no port is given out twice.
  return Promise.all(
    servers.map((server) => {
      const address = server.address()
      const port = typeof address === 'object' && address ? address.port : 0
      return new Promise<number>((resolve) => server.close(() => resolve(port)))
    }),
  )
}
