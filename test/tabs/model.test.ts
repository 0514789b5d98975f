// Random schedules of tabs, owners, browser and server.

import fc from 'fast-check'
import { afterEach, test, vi } from 'vitest'
import { Simulation, schedule, setup } from './model'

afterEach(() => vi.unstubAllGlobals())

// KUBEFLECT_MODEL_RUNS=20000 looks longer, KUBEFLECT_MODEL_SEED elsewhere.
const { KUBEFLECT_MODEL_RUNS: runs = '100', KUBEFLECT_MODEL_SEED: seed = '1' } = process.env

test('tabs converge to the server for any schedule of kills, freezes and faults, and only ever show and store a state that the server had', {
  timeout: 0,
}, async () => {
  const property = fc.asyncProperty(setup, schedule, (how, actions) => new Simulation(how).run(actions))
  await fc.assert(property, { numRuns: Number(runs), seed: Number(seed) })
})
