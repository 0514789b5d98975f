// Assembles the fake server of `npx kubeflect fake-server`.

import type { KubeObject } from '../api/object'
import { FakeApiServer } from './fake-api-server'
import { podFixture } from './fixtures'
import { refusal, whyForeign } from './local-guard'
import { type NodeRequest, type NodeResponse, nodeListener } from './node-listener'

/** Options of a fake server on its own port. */
export interface StandaloneOptions {
  /** The objects, in the order of creation. */
  readonly objects: readonly KubeObject[]
  /** The number of generated pods. */
  readonly pods: number
  /** The number of pod changes per second. */
  readonly rate: number
  readonly allowedOrigins: readonly string[]
}

/** A fake server that is ready to listen. */
export interface StandaloneServer {
  /** Returns the request listener for a port of this machine; it refuses requests from other sites. */
  listenerOf(port: number): (incoming: NodeRequest, outgoing: NodeResponse) => void
  /** Stops the changes. */
  close(): void
}

// Real clusters rarely start at 1. A four-digit version also exposes code that compares versions as text.
const FIRST_VERSION = 1000

/** Creates a fake server for its own port. @throws ApiError, KubeError when an object cannot be created */
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
