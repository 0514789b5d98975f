// The plugin of Vite that serves a cluster beside the page.
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Connect, HttpServer, Plugin } from 'vite'
import { whyForeign } from '../../src/testing/local-guard'
import { nodeListener } from '../../src/testing/node-listener'
import type { Cluster } from './cluster.ts'
import { control } from './control.ts'

/**
 * Serves a cluster at `/k8s` of Vite's server, and the actions of the page's buttons at `/playground`. Refuses every request and upgrade
 * from a page of another site, including Vite's own paths, because the cluster may be a real one.
 */
export function clusterPlugin(cluster: Cluster): Plugin {
  return {
    name: 'kubeflect-playground',
    configureServer(server) {
      guard(server)
      server.httpServer?.on('upgrade', (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
        const [, path] = /^\/k8s(\/.*)/.exec(incoming.url ?? '') ?? []
        if (path === undefined || socket.destroyed) return
        if (cluster.upgrade) cluster.upgrade({ incoming, socket, head }, path)
        else socket.destroy()
      })
      server.middlewares.use(
        '/k8s',
        nodeListener((request) => cluster.fetch(request)),
      )
      server.middlewares.use(
        '/playground',
        nodeListener(async (request) => control(cluster, request)),
      )
    },
    configurePreviewServer: guard,
    transformIndexHtml: () => [{ tag: 'meta', attrs: { name: 'cluster', content: cluster.name }, injectTo: 'head' }],
  }
}

/** Refuses requests from other sites, before any other middleware. */
function guard({ middlewares, httpServer }: { middlewares: Connect.Server; httpServer: HttpServer | null }): void {
  middlewares.use((incoming, outgoing, next) => {
    const reason = objection(incoming)
    if (!reason) return next()
    outgoing.writeHead(403, { 'content-type': 'text/plain; charset=utf-8' }).end(`${reason}\n`)
  })
  // Destroys the socket, so that Vite's own listener finds it closed.
  httpServer?.prependListener('upgrade', (incoming: IncomingMessage, socket: Duplex) => {
    if (objection(incoming)) socket.destroy()
  })
}

function objection({ method = 'GET', headers, socket }: IncomingMessage): string | undefined {
  const get = (name: string) => {
    const value = headers[name]
    return value === undefined ? null : String(value)
  }
  return whyForeign({ method, headers: { get } }, socket.localPort ?? 0)
}
