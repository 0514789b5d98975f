import { defineConfig } from 'tsup'
import { readSubpaths } from './scripts/subpaths'

// The entries are the subpaths package.json exports, and its command. There is no second list.
const names = [...readSubpaths(), 'cli']

export default defineConfig({
  entry: Object.fromEntries(names.map((name) => [name, `src/${name}.ts`])),
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  dts: true,
  sourcemap: true,
  splitting: true,
  clean: true,
})
