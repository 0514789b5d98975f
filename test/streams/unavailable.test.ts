// Tests for the entry that takes the place of `kubeflect/local` in browsers and Workers.

import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { expect, test } from 'vitest'

test('[streams/35] a bundle for browsers or workers with kubeflect/local fails to build, with a message that names the alternative', async () => {
  const entry = fileURLToPath(new URL('../../src/local/unavailable.js', import.meta.url))
  const built = build({ configFile: false, logLevel: 'silent', build: { write: false, lib: { entry, formats: ['es'] } } })
  await expect(built).rejects.toThrow('works in Node, Deno and Bun only')
  await expect(built).rejects.toThrow('Use connectPort and readFile of kubeflect/streams')
})
