import fc from 'fast-check'
import { test } from 'vitest'
import { schedule, setup } from './schedule'
import { Simulation } from './simulation'

// KUBEFLECT_MODEL_RUNS=5000 looks longer; KUBEFLECT_MODEL_SEED repeats what a failure printed.
const { KUBEFLECT_MODEL_RUNS: runs = '200', KUBEFLECT_MODEL_SEED: seed } = process.env

test('the store converges to the server for any schedule, and only ever shows and stores a state that the server had at that version', {
  timeout: 0,
}, async () => {
  const property = fc.asyncProperty(setup, schedule, (how, actions) => new Simulation(how).run(actions))
  await fc.assert(property, { numRuns: Number(runs), ...(seed && { seed: Number(seed) }) })
})

test('a store behind a relay converges to the server for any schedule of faults behind the relay', { timeout: 0 }, async () => {
  const property = fc.asyncProperty(setup, schedule, (how, actions) => new Simulation(how, 'relay').run(actions))
  await fc.assert(property, { numRuns: Math.ceil(Number(runs) / 4), ...(seed && { seed: Number(seed) }) })
})
