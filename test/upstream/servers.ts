// Fake API servers for Go's storage suite, each below a path of its own.
import { FakeApiServer } from '../../src/testing'
import { type HttpServer, serve } from '../support/http.ts'

/**
 * Starts fake API servers on request, all on one port of this machine:
 *
 * - `POST /servers?scope=Namespaced|Cluster` starts one and answers with its path, such as `{"path":"/s/1"}`;
 * - `POST /s/1/-/compact?resourceVersion=…` makes it forget the events up to a version;
 * - `DELETE /s/1` ends it;
 * - any other request below `/s/1` is a request to its API.
 *
 * It serves `pods` of the suite's own group `example.apiserver.k8s.io`.
 */
export function serveFakeServers(): Promise<HttpServer> {
  const servers = new Map<string, FakeApiServer>()
  let count = 0

  const open = (scope: string | null): string => {
    const path = `/s/${++count}`
    const resource = {
      group: 'example.apiserver.k8s.io',
      version: 'v1',
      plural: 'pods',
      kind: 'Pod',
      scope: scope === 'Cluster' ? 'Cluster' : 'Namespaced',
    } as const
    servers.set(path, new FakeApiServer({ resources: [{ resource, fieldLabels: { 'spec.nodeName': '' } }] }))
    return path
  }

  return serve(async (request) => {
    const url = new URL(request.url)
    if (url.pathname === '/servers') return Response.json({ path: open(url.searchParams.get('scope')) }, { status: 201 })
    const [, path = '', rest = ''] = /^(\/s\/\d+)(\/.*)?$/.exec(url.pathname) ?? []
    const server = servers.get(path)
    if (!server) return Response.json({ message: `${url.pathname}: no such server` }, { status: 404 })
    if (rest === '' && request.method === 'DELETE') {
      servers.delete(path)
      server.disconnect()
      return Response.json({})
    }
    if (rest === '/-/compact') {
      server.compact(url.searchParams.get('resourceVersion') ?? undefined)
      return Response.json({})
    }
    return server.fetch(new Request(new URL(rest + url.search, url), request))
  })
}
