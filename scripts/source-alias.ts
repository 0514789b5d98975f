import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('../src/', import.meta.url))

/** Vite's `resolve.alias` that makes `kubeflect` and `kubeflect/…` mean this checkout's sources, for tests and the playground. */
export const sourceAlias = [
  { find: /^kubeflect$/, replacement: `${source}index.ts` },
  { find: /^kubeflect\/(.+)$/, replacement: `${source}$1.ts` },
]
