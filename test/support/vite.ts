// Starts Vite's dev server as a proxy.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer, type ProxyOptions } from 'vite'

/** Starts Vite's dev server with one proxied path and removes its prefix; `url` is the URL of that path. */
export async function startVite(proxy: ProxyOptions) {
  const root = await mkdtemp(join(tmpdir(), 'kubeflect-vite-'))
  const vite = await createServer({
    configFile: false,
    root,
    cacheDir: join(root, 'cache'),
    // Vite logs every request that the proxy fails to serve.
    logLevel: 'silent',
    appType: 'custom',
    optimizeDeps: { noDiscovery: true },
    server: {
      host: '127.0.0.1',
      port: 0,
      hmr: false,
      watch: null,
      proxy: { '/k8s/': { ...proxy, rewrite: (path) => path.slice('/k8s'.length) } },
    },
  })
  await vite.listen()
  const [local = ''] = vite.resolvedUrls?.local ?? []
  return {
    url: new URL('/k8s', local).href,
    async [Symbol.asyncDispose]() {
      await vite.close()
      await rm(root, { recursive: true, force: true })
    },
  }
}
