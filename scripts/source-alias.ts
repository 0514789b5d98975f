// Resolves the package to its sources.
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('../src/', import.meta.url))

/** Vite's `resolve.alias` that maps `kubeflect` and `kubeflect/…` to the sources of this checkout, for tests and the playground. */
export const sourceAlias = [
  { find: /^kubeflect$/, replacement: `${source}index.ts` },
  { find: /^kubeflect\/(.+)$/, replacement: `${source}$1.ts` },
]
