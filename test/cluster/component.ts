// Starts, observes and stops the processes of a control plane.

import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout } from 'node:timers/promises'

/** A running component of the control plane. */
export interface Component {
  readonly pid: number
  /** Returns its output so far. */
  log(): string
  /** Terminates the component, and kills it after 10 s; resolves when the process has exited. */
  stop(): Promise<void>
  /** Kills the component; resolves when the process has exited. */
  kill(): Promise<void>
  /** Checks that the component is running. @throws Error with the end of its log when it has exited by itself. */
  assertRunning(): void
}

/** Starts a component with its output in `logFile`. It exits with this process, however this process ends. */
export function startComponent(binary: string, name: string, args: readonly string[], logFile: string): Component {
  const log = openSync(logFile, 'a')
  // Nothing is written to the pipe of standard input. It closes when this process ends, and the component then exits.
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
 * Waits until `condition` returns a value other than `undefined`, and returns that value.
 *
 * @throws Error naming `what` after `timeoutMs` milliseconds; the errors of `condition`.
 */
export async function until<T>(what: string, condition: () => T | undefined | Promise<T | undefined>, timeoutMs = 60_000): Promise<T> {
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; await setTimeout(50)) {
    const value = await condition()
    if (value !== undefined) return value
  }
  throw new Error(`waited ${timeoutMs} ms for ${what}, in vain`)
}

/** Finds `count` free ports of 127.0.0.1. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer()
      await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
      return server
    }),
  )
  // Keep all ports open until the last one is assigned, so that no port is assigned twice.
  return Promise.all(
    servers.map((server) => {
      const address = server.address()
      const port = typeof address === 'object' && address ? address.port : 0
      return new Promise<number>((resolve) => server.close(() => resolve(port)))
    }),
  )
}
