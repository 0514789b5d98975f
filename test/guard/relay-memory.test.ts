import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const loader = new URL('../examples/source-loader.mjs', import.meta.url).href
// KUBEFLECT_MEMORY_PODS=100000 takes a minute.
const { KUBEFLECT_MEMORY_PODS = '10000' } = process.env
const PODS = Number(KUBEFLECT_MEMORY_PODS)
/** The heap of a Durable Object of 128 MB, in megabytes. */
const HEAP_MB = 112
/** What 100,000 pods take besides the tables of the packer, in megabytes per pod. */
const MB_PER_POD = 0.0008
const TABLES_MB = 15
/** The packer of texts that are read again, the index of a log, and the segments in memory, in megabytes. */
const LOG_MB = 7

/** Runs a script in a process with a small heap. Returns what it prints. */
async function run(script: string, more: readonly string[]) {
  const path = fileURLToPath(new URL(script, import.meta.url))
  const options = [`--max-old-space-size=${HEAP_MB}`, '--max-semi-space-size=4', '--expose-gc', '--import', loader]
  const { stdout } = await promisify(execFile)(process.execPath, [...options, path, String(PODS), ...more])
  return JSON.parse(stdout)
}

test('a relay that packs fills its cache with pods, proves it and lists it, in less than a kilobyte for each pod of nine', async () => {
  const { objects, heapMB, textMB, readMB, statuses, proofs } = await run('relay-memory.ts', [])
  console.error(`${PODS} pods: ${textMB.toFixed(0)} MB of JSON in ${heapMB.toFixed(0)} MB of heap`)
  expect({ objects, statuses, proofs }).toEqual({ objects: PODS, statuses: [200], proofs: ['reached'] })
  expect(readMB).toBeGreaterThan(textMB)
  expect(heapMB).toBeLessThan(TABLES_MB + PODS * MB_PER_POD)
}, 300_000)

test('a relay in a Durable Object wakes up with its pods from its storage without a list upstream, and takes no more memory than when it was filled', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kubeflect-relay-memory-'))
  try {
    const file = join(folder, 'object.db')
    const filled = await run('relay-object-memory.ts', [file])
    const woken = await run('relay-object-memory.ts', [file])
    console.error(`${PODS} pods: ${filled.heapMB.toFixed(0)} MB of heap when filled, ${woken.heapMB.toFixed(0)} MB when woken up`)
    expect([filled.listsUpstream, woken.listsUpstream]).toEqual([1, 0])
    expect(woken.lists).toEqual(filled.lists)
    for (const { heapMB } of [filled, woken]) expect(heapMB).toBeLessThan(LOG_MB + TABLES_MB + PODS * MB_PER_POD)
    // A complete state in long rows.
    expect(filled.rows).toBeLessThan(10 + PODS / 50)
  } finally {
    rmSync(folder, { recursive: true })
  }
}, 600_000)
