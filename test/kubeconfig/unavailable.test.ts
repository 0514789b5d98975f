import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { expect, test } from 'vitest'

test('a bundle for browsers or workers with a kubeconfig fails to build, with a message that names the alternative', async () => {
  const entry = fileURLToPath(new URL('../../src/kubeconfig/unavailable.js', import.meta.url))
  const built = build({ configFile: false, logLevel: 'silent', build: { write: false, lib: { entry, formats: ['es'] } } })
  await expect(built).rejects.toThrow('works in Node, Deno and Bun only')
  await expect(built).rejects.toThrow('Pass baseUrl, token and fetch to KubeClient')
})
