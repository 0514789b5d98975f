import { readFileSync } from 'node:fs'
import { defineConfig } from 'tsup'

// The entries are the subpaths package.json exports: `./idb` is src/idb.ts. There is no second list.
const { exports } = JSON.parse(readFileSync('package.json', 'utf8'))
const names = Object.keys(exports)
  .filter((subpath) => subpath !== './package.json')
  .map((subpath) => (subpath === '.' ? 'index' : subpath.slice(2)))

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
