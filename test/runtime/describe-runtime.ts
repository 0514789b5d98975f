import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import type { HttpServer } from '../support/http.ts'
import { casesOf } from './cases.ts'
import { clusterCasesOf } from './cluster-cases.ts'
import { startHost } from './host.ts'
import type { CaseResult } from './run-cases.ts'
import type { Target } from './runtimes/program.ts'
import type { RuntimeCase } from './stage.ts'

/** How long all cases of a runtime may take, in milliseconds. */
const RUN_TIMEOUT_MS = 120_000

/** How a runtime runs the cases. */
export interface RuntimeUnderTest {
  readonly name: string
  readonly storages: readonly string[]
  /** Why it cannot be run here; left out where it can. */
  readonly skipped?: string | undefined
  /** What else `run` gives a result for. */
  readonly further?: readonly string[]
  /** Runs every case and gives their results. */
  run(target: Target): Promise<readonly CaseResult[]>
}

const ENDS = 'ends by itself when the last case has: nothing keeps the process alive'

/** A suite of one runtime on fake API servers. */
export function describeRuntime(runtime: RuntimeUnderTest): void {
  const { name, skipped, storages, further = [] } = runtime
  describe.skipIf(skipped)(skipped ? `${name} (skipped: ${skipped})` : name, () => {
    let host: HttpServer
    beforeAll(async () => {
      host = await startHost()
      return () => host.close()
    })
    testCases([...titlesOf(casesOf(storages)), ...further], () => runtime.run({ origin: host.url, kubeconfigs: {} }))
  })
}

/** A suite of one runtime on a real cluster, for users who each have a kubeconfig. */
export function describeRuntimeOnCluster(
  runtime: RuntimeUnderTest,
  users: readonly string[],
  kubeconfigs: () => Target['kubeconfigs'],
): void {
  const { name, skipped, storages, further = [] } = runtime
  describe.skipIf(skipped)(skipped ? `${name} (skipped: ${skipped})` : name, () => {
    testCases([...titlesOf(clusterCasesOf(users, storages)), ...further], () => runtime.run({ origin: '', kubeconfigs: kubeconfigs() }))
  })
}

const titlesOf = (cases: readonly RuntimeCase[]): string[] => cases.map(({ title }) => title)

/** All cases run once; each has a test that says how it went. */
function testCases(titles: readonly string[], run: () => Promise<readonly CaseResult[]>): void {
  let results: readonly CaseResult[] = []
  beforeAll(async () => {
    results = await run()
  }, RUN_TIMEOUT_MS)
  for (const title of titles) test(title, () => expect(results.find((result) => result.title === title)).toEqual({ title }))
}

/** A runtime that is a program: it prints a line for each case, and ends by itself. */
export function program([command = '', ...args]: readonly string[]): {
  readonly further: readonly string[]
  /** @param target the last argument, as JSON. */
  run(target: object): Promise<readonly CaseResult[]>
} {
  return {
    further: [ENDS],
    async run(target) {
      const folder = mkdtempSync(join(tmpdir(), 'kubeflect-storage-'))
      const child = spawn(command, [...args, folder, JSON.stringify(target)], {
        cwd: inject('runtimeProject'),
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const stop = setTimeout(() => child.kill('SIGKILL'), RUN_TIMEOUT_MS - 5_000)
      try {
        let [output, errors] = ['', '']
        child.stdout.setEncoding('utf8').on('data', (text: string) => {
          output += text
        })
        child.stderr.setEncoding('utf8').on('data', (text: string) => {
          errors += text
        })
        const [code, signal] = await once(child, 'close')
        const ending: CaseResult =
          code === 0 && errors === '' ? { title: ENDS } : { title: ENDS, error: `ended with ${signal ?? code}\n${errors}` }
        const results = output.split('\n').flatMap((line) => (line ? [JSON.parse(line) as CaseResult] : []))
        if (results.length === 0) throw new Error(`no case was run: ${ending.error ?? 'there was no output'}`)
        return [...results, ending]
      } finally {
        clearTimeout(stop)
        rmSync(folder, { recursive: true, force: true })
      }
    },
  }
}
