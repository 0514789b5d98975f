import type { KubeObject } from '../meta/object'
import { FakeApiServer } from './fake-api-server'
import { podFixture } from './fixtures'
import { refusal, whyForeign } from './local-guard'
import { type NodeRequest, type NodeResponse, nodeListener } from './node-listener'

/** What a fake server on a port of its own has. */
export interface StandaloneOptions {
  readonly objects: readonly KubeObject[]
  /** How many made-up pods there are. */
  readonly pods: number
  /** How many times a second one of the pods changes. */
  readonly rate: number
  readonly allowedOrigins: readonly string[]
}

/** A fake server that is ready to listen. */
export interface StandaloneServer {
  /** What answers the requests that arrive at a port of this machine; those from elsewhere are refused. */
  listenerOf(port: number): (incoming: NodeRequest, outgoing: NodeResponse) => void
  /** Ends the changes. */
  close(): void
}

// Real clusters rarely begin at 1, and a version of four digits shows which numbers are compared as texts.
const FIRST_VERSION = 1000

/** Makes a fake server for a port of its own. @throws ApiError, KubeError when an object cannot be created */
export function createStandaloneServer({ objects, pods, rate, allowedOrigins }: StandaloneOptions): StandaloneServer {
  const server = new FakeApiServer({ resourceVersion: FIRST_VERSION, allowedOrigins })
  server.load(objects)
  server.load(Array.from({ length: pods }, (_, index) => podFixture(index, { namespace: index % 3 ? 'default' : 'kube-system' })))
  const churn = server.churn({ changesPerSecond: rate })
  return {
    listenerOf: (port) =>
      nodeListener(async (request) => {
        const reason = whyForeign(request, port, allowedOrigins)
        return reason ? refusal(reason) : server.fetch(request)
      }),
    close: () => churn.close(),
  }
}
