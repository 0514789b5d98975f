import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const loader = new URL('../examples/source-loader.mjs', import.meta.url).href
const script = fileURLToPath(new URL('relay-memory.ts', import.meta.url))
// KUBEFLECT_MEMORY_PODS=100000 takes a minute.
const { KUBEFLECT_MEMORY_PODS = '10000' } = process.env
const PODS = Number(KUBEFLECT_MEMORY_PODS)
/** The heap of a Durable Object of 128 MB, in megabytes. */
const HEAP_MB = 112
/** What 100,000 pods take besides the tables of the packer, in megabytes per pod. */
const MB_PER_POD = 0.0008
const TABLES_MB = 15

test('a relay that packs fills its cache with pods, proves it and lists it, in less than a kilobyte for each pod of nine', async () => {
  const args = [`--max-old-space-size=${HEAP_MB}`, '--max-semi-space-size=4', '--expose-gc', '--import', loader, script, String(PODS)]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  const { objects, heapMB, textMB, readMB, statuses, proofs } = JSON.parse(stdout)
  console.error(`${PODS} pods: ${textMB.toFixed(0)} MB of JSON in ${heapMB.toFixed(0)} MB of heap`)
  expect({ objects, statuses, proofs }).toEqual({ objects: PODS, statuses: [200], proofs: ['reached'] })
  expect(readMB).toBeGreaterThan(textMB)
  expect(heapMB).toBeLessThan(TABLES_MB + PODS * MB_PER_POD)
}, 300_000)
