import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { expect, test } from 'vitest'

test('kubeconfigs in a bundle for browsers or workers fail to build, with a message that says what to do instead', async () => {
  const entry = fileURLToPath(new URL('../../src/kubeconfig/unavailable.js', import.meta.url))
  const built = build({ configFile: false, logLevel: 'silent', build: { write: false, lib: { entry, formats: ['es'] } } })
  await expect(built).rejects.toThrow('works in Node, Deno and Bun only')
  await expect(built).rejects.toThrow('Pass baseUrl, token and fetch to KubeClient')
})
