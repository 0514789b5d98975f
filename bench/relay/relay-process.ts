// A relay in a process of its own, over TLS if there is a certificate. Prints its URL.
import { readFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createRelay } from 'kubeflect/relay'
import { ConfigMap, Pod } from 'kubeflect/resources/core/v1'
import { nodeListener } from 'kubeflect/testing'
import { tellMemory } from './tell-memory.ts'

const [baseUrl = '', cert = '', key = ''] = process.argv.slice(2)
const relay = createRelay({ client: { baseUrl }, resources: [ConfigMap, Pod], authorize: 'none' })
await relay.whenSynced()
const listener = nodeListener(relay.fetch)
const server = cert ? createServer({ cert: readFileSync(cert), key: readFileSync(key) }, listener) : createHttpServer(listener)
server.listen({ port: 0, host: '127.0.0.1', backlog: 20_000 }, () =>
  console.log(`${cert ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`),
)
tellMemory()
