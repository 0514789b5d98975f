import fc from 'fast-check'
import { writeFileSync } from 'node:fs'
import { test } from 'vitest'
import { schedule, setup } from './schedule'
import { Simulation } from './simulation'
test('x', { timeout: 0 }, async () => {
  let slow = 0, n = 0, heap=0
  await fc.assert(fc.asyncProperty(setup, schedule, async (a, b) => {
    writeFileSync('/tmp/model-case.json', JSON.stringify([a, b]))
    const t = Date.now(); n++
    await new Simulation(a).run(b)
    const d = Date.now() - t
    if (d > slow) { slow = d; console.log(n, d, b.length, JSON.stringify(a), process.memoryUsage().heapUsed / 1e6 | 0) }
  }), { numRuns: 150, seed: Number(process.env.SEED) })
})
