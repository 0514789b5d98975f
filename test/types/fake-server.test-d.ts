import { createServer } from 'node:http'
import { expectTypeOf, test } from 'vitest'
import type { Pod } from '../../src/resources/core/v1'
import { FakeApiServer, nodeListener, podFixture } from '../../src/testing'

// The used parts of the types of Deno and Bun.
declare const Deno: {
  serve(handler: (request: Request, info: { remoteAddr: object; completed: Promise<void> }) => Promise<Response>): unknown
}
declare const Bun: { serve(options: { fetch(request: Request, server: { port: number; stop(): void }): Promise<Response> }): unknown }

test('Node, Deno and Bun can serve a fake server, and its fetch has the type of fetch', () => {
  const server = new FakeApiServer()
  createServer(nodeListener(server.fetch))
  expectTypeOf(server.fetch).toExtend<Parameters<typeof Deno.serve>[0]>()
  expectTypeOf({ fetch: server.fetch }).toExtend<Parameters<typeof Bun.serve>[0]>()
  expectTypeOf(server.fetch).toExtend<typeof fetch>()
})

test('a pod fixture is a Pod', () => {
  expectTypeOf(podFixture(1)).toExtend<Pod>()
})
