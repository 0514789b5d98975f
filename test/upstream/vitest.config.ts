// The configuration of `npm run test:e2e`, which is outside `npm test` because of its long build.
import { defineConfig } from 'vitest/config'
import { sourceAlias } from '../../scripts/source-alias.ts'

export default defineConfig({
  resolve: { alias: sourceAlias },
  test: { include: ['test/upstream/**/*.e2e.ts'], testTimeout: 1_800_000, hookTimeout: 3_600_000 },
})
