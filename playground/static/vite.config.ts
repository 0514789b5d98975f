// Vite’s configuration of the playground without a server: for any static host, at any path.
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { sourceAlias } from '../../scripts/source-alias.ts'

export default defineConfig({
  base: './',
  resolve: { alias: sourceAlias },
  worker: { format: 'es' },
  build: { outDir: fileURLToPath(new URL('../../docs/.vitepress/dist/play', import.meta.url)), emptyOutDir: true },
})
