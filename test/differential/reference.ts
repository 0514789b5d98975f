import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { GoProgram } from '../cluster/build.ts'
import { CallLog, MARKER } from './call-log.ts'
import type { Call, Version } from './calls.ts'
import type { Reading, Watcher } from './subject.ts'

/** client-go's informer, as a program. */
export const referenceProgram: GoProgram = {
  name: 'reference',
  description: 'client-go’s informer',
  sources: join(import.meta.dirname, 'reference'),
  linkerFlags: '-s -w',
}

/** Starts client-go's informer in a process of its own, which ends with this one. */
export function startReference(binary: string, { url, name, labelSelector, initialList }: Reading): Watcher {
  const args = [`--server=${url}`, `--namespace=${MARKER.namespace}`, `--selector=${labelSelector}`, `--agent=${name}`]
  const env = { ...process.env, KUBE_FEATURE_WatchListClient: String(initialList === 'stream') }
  const child = spawn(binary, args, { stdio: ['pipe', 'pipe', 'inherit'], env })
  const ended = once(child, 'close')
  const log = new CallLog()
  let tellStore = (_: readonly Version[]) => {}
  createInterface(child.stdout).on('line', (line) => {
    const told = JSON.parse(line) as Call | { readonly store: readonly Version[] }
    if ('store' in told) tellStore(told.store)
    else log.push(told)
  })
  return {
    name,
    log,
    store: () =>
      new Promise((resolve) => {
        tellStore = resolve
        child.stdin.write('store\n')
      }),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
