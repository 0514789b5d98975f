// Starts Chromium on a profile, and kills it like a crash.

import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import chromium from '@sparticuz/chromium'
import { type BrowserContext, chromium as playwright } from 'playwright-core'

/** A folder for the state of a browser. */
export interface Profile extends AsyncDisposable {
  readonly folder: string
}

/** Creates an empty profile. Disposing of it kills a browser that still uses it and removes the folder. */
export async function createProfile(): Promise<Profile> {
  const folder = await mkdtemp(join(tmpdir(), 'kubeflect-chromium-'))
  return {
    folder,
    async [Symbol.asyncDispose]() {
      endProcesses(folder)
      // The processes may write until they have exited.
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** Starts Chromium on a profile. */
export async function launchChromium(
  { folder }: Profile,
  { args = [], ...options }: { readonly ignoreHTTPSErrors?: boolean; readonly args?: readonly string[] } = {},
): Promise<BrowserContext> {
  return playwright.launchPersistentContext(folder, {
    ...options,
    executablePath: await chromium.executablePath(),
    args: ['--no-sandbox', '--disable-gpu', ...args],
    viewport: { width: 1280, height: 800 },
  })
}

/**
 * Kills every process of the Chromium that uses a profile with SIGKILL, like a crash of the machine: pending writes are lost.
 *
 * @throws Error when no such process runs.
 */
export function killChromium({ folder }: Profile): void {
  if (endProcesses(folder) === 0) throw new Error(`no Chromium runs on ${folder}`)
}

/**
 * Kills the process that runs a SharedWorker, and with it the pages of that process.
 *
 * @throws Error when no SharedWorker runs.
 */
export function killSharedWorker({ folder }: Profile): void {
  const host = [...processesOf(folder)].find((pid) => threadsOf(pid).some((name) => name.startsWith('SharedWorker')))
  if (host === undefined) throw new Error(`no SharedWorker runs on ${folder}`)
  process.kill(host, 'SIGKILL')
}

/** Returns the memory that the Chromium of a profile occupies, in MB: the proportional set size of all of its processes. */
export async function memoryOf({ folder }: Profile): Promise<number> {
  let kB = 0
  for (const pid of processesOf(folder)) {
    try {
      kB += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0)
    } catch {
      // The process has exited in the meantime.
    }
  }
  return (kB * 1024) / 1_000_000
}

/** Returns the CPU time that the running processes of a profile's Chromium have used, in milliseconds. */
export function cpuOf({ folder }: Profile): number {
  let ticks = 0
  for (const pid of processesOf(folder)) {
    // The fields after the name: 14 and 15 of the line are the times of the user and of the system.
    const fields = fieldsOf(pid)
    ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0)
  }
  // Linux counts 100 ticks a second.
  return ticks * 10
}

function endProcesses(folder: string): number {
  const doomed = processesOf(folder)
  // Kill the browser process first, so that it does not notice the exit of the others.
  for (const pid of [...doomed].sort((a, b) => a - b)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
  return doomed.size
}

/** The process of a browser and those that it started. */
function processesOf(folder: string): Set<number> {
  const running = processes()
  const found = new Set(running.filter(({ command }) => command.includes(`--user-data-dir=${folder}`)).map(({ pid }) => pid))
  for (let size = 0; size !== found.size; ) {
    size = found.size
    for (const { pid, parent } of running) if (found.has(parent)) found.add(pid)
  }
  return found
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map((thread) => readFileSync(`/proc/${pid}/task/${thread}/comm`, 'utf8'))
  } catch {
    return [] // The process has exited in the meantime.
  }
}

function processes(): { pid: number; parent: number; command: string }[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const [, parent = ''] = fieldsOf(Number(name))
      return [{ pid: Number(name), parent: Number(parent), command: readFileSync(`/proc/${name}/cmdline`, 'utf8') }]
    } catch {
      return [] // The process has exited in the meantime.
    }
  })
}

/** Returns the fields of a process after its name; none when it has exited. */
function fieldsOf(pid: number): string[] {
  try {
    // The second field, the program's name, is in parentheses and may contain any character.
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
  } catch {
    return []
  }
}
