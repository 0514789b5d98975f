// The Worker that holds the fake cluster of a page without a server: shared by all tabs where the browser has shared Workers.
import { control } from '../server/control.ts'
import { FakeCluster } from '../server/fake-cluster.ts'
import { acceptPorts } from './channel.ts'
import type { Port } from './messages.ts'
import { servePort } from './serve-port.ts'

const cluster = new FakeCluster()

/** Answers requests as the server of `npm start` does. */
async function answer(request: Request): Promise<Response> {
  const { pathname, search, origin } = new URL(request.url)
  const [, root, path = '/'] = /^\/(k8s|playground)(\/.*)?$/.exec(pathname) ?? []
  const inner = new Request(`${origin}${path}${search}`, request)
  return root === 'k8s' ? cluster.fetch(inner) : control(cluster, inner)
}

const scope = globalThis as unknown as { onconnect?: unknown } & Port
if ('onconnect' in scope) {
  scope.onconnect = ({ ports: [port] }: MessageEvent) => {
    if (!port) return
    servePort(port, answer)
    port.start()
  }
  acceptPorts((port) => servePort(port, answer))
} else servePort(scope, answer)
