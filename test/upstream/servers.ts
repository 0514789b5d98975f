// Fake API servers for Go's storage suite, each below a path of its own.
import type { Resource } from '../../src/api/resource'
import { createRelay } from '../../src/relay'
import { FakeApiServer } from '../../src/testing'
import { type HttpServer, serve } from '../support/http.ts'

/** What answers the requests of a test: a fake API server itself, or a relay in front of it. */
export type Answering = 'fake' | 'relay'

/** The server of one test. */
interface Served {
  readonly fetch: (request: Request) => Promise<Response>
  compact(resourceVersion: string | undefined): Promise<void>
  close(): Promise<void>
}

/**
 * Starts fake API servers on request, all on one port of this machine, perhaps with a relay in front of each:
 *
 * - `POST /servers?scope=Namespaced|Cluster` starts one and answers with its path, such as `{"path":"/s/1"}`;
 * - `POST /s/1/-/compact?resourceVersion=…` makes it forget the events up to a version;
 * - `DELETE /s/1` ends it;
 * - any other request below `/s/1` is a request to its API.
 *
 * It serves `pods` of the suite's own group `example.apiserver.k8s.io`.
 */
export function serveFakeServers(answering: Answering = 'fake'): Promise<HttpServer> {
  const servers = new Map<string, Served>()
  let count = 0

  const open = async (scope: string | null): Promise<string> => {
    const path = `/s/${++count}`
    const resource = {
      group: 'example.apiserver.k8s.io',
      version: 'v1',
      plural: 'pods',
      kind: 'Pod',
      scope: scope === 'Cluster' ? 'Cluster' : 'Namespaced',
    } as const
    const server = new FakeApiServer({ resources: [{ resource, fieldLabels: { 'spec.nodeName': '' } }] })
    servers.set(path, answering === 'fake' ? alone(server) : await behindRelay(server, resource))
    return path
  }

  return serve(async (request) => {
    const url = new URL(request.url)
    if (url.pathname === '/servers') return Response.json({ path: await open(url.searchParams.get('scope')) }, { status: 201 })
    const [, path = '', rest = ''] = /^(\/s\/\d+)(\/.*)?$/.exec(url.pathname) ?? []
    const server = servers.get(path)
    if (!server) return Response.json({ message: `${url.pathname}: no such server` }, { status: 404 })
    if (rest === '' && request.method === 'DELETE') {
      servers.delete(path)
      await server.close()
      return Response.json({})
    }
    if (rest === '/-/compact') {
      await server.compact(url.searchParams.get('resourceVersion') ?? undefined)
      return Response.json({})
    }
    return server.fetch(new Request(new URL(rest + url.search, url), request))
  })
}

function alone(server: FakeApiServer): Served {
  return {
    fetch: server.fetch,
    compact: async (resourceVersion) => server.compact(resourceVersion),
    close: async () => server.disconnect(),
  }
}

async function behindRelay(server: FakeApiServer, resource: Resource): Promise<Served> {
  const start = async () => {
    const client = { baseUrl: 'http://kubernetes.test', fetch: server.fetch }
    const relay = createRelay({ client, resources: [resource], authorize: 'none' })
    await relay.whenSynced()
    return relay
  }
  let relay = await start()
  return {
    fetch: (request) => relay.fetch(request),
    // A relay keeps its own window. One that starts without storage has none.
    async compact(resourceVersion) {
      server.compact(resourceVersion)
      await relay.close()
      relay = await start()
    },
    async close() {
      await relay.close()
      server.disconnect()
    },
  }
}
