import { defineConfig } from 'vitest/config'
import { sourceAlias } from './scripts/source-alias.ts'

const browser = ['test/browser/**/*.test.ts', 'test/**/*.browser.test.ts']
const runtime = ['test/runtime/**/*.test.ts']
const consumers = ['test/consumers/**/*.test.ts']
const site = ['test/site/**/*.test.ts']
/** Facts about browsers that CI does not have. */
const engines = ['test/engines/**/*.test.ts']
const cluster = ['test/cluster/**/*.test.ts', 'test/**/*.cluster.test.ts']

// Chromium and the control plane each want the machine for themselves: one file at a time, after everything else. (Vitest puts projects
// of order 0 last where it has one worker only, so the order starts at 1.)
const together = { sequence: { groupOrder: 1 } }
const alone = (groupOrder: number) => ({ fileParallelism: false, sequence: { groupOrder } })

export default defineConfig({
  resolve: { alias: sourceAlias },
  test: {
    // Time in the tests is virtual: this bound only ends a test that hangs, however busy the machine is.
    testTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/examples/**', 'test/runtime/**', ...consumers, ...site, ...browser, ...cluster, ...engines],
          ...together,
        },
      },
      { extends: true, test: { name: 'examples', include: ['test/examples/**/*.test.ts'], ...together } },
      {
        extends: true,
        test: {
          name: 'browser',
          include: browser,
          expect: { poll: { timeout: 10_000 } },
          testTimeout: 60_000,
          hookTimeout: 60_000,
          ...alone(2),
        },
      },
      {
        extends: true,
        test: {
          name: 'cluster',
          include: cluster,
          testTimeout: 120_000,
          hookTimeout: 900_000,
          globalSetup: 'test/runtime/setup.ts',
          ...alone(3),
        },
      },
      {
        extends: true,
        test: {
          name: 'consumers',
          include: consumers,
          globalSetup: 'test/consumers/setup.ts',
          testTimeout: 60_000,
          ...alone(5),
        },
      },
      {
        extends: true,
        test: {
          name: 'site',
          include: site,
          globalSetup: 'test/site/setup.ts',
          expect: { poll: { timeout: 20_000 } },
          testTimeout: 60_000,
          hookTimeout: 60_000,
          ...alone(6),
        },
      },
      {
        extends: true,
        test: {
          name: 'runtime',
          include: runtime,
          exclude: cluster,
          globalSetup: 'test/runtime/setup.ts',
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 4 },
        },
      },
      // CI lacks these browsers: KUBEFLECT_ENGINES=1 adds the project.
      ...(process.env.KUBEFLECT_ENGINES
        ? [{ extends: true as const, test: { name: 'engines', include: engines, testTimeout: 60_000, ...alone(7) } }]
        : []),
    ],
  },
})
