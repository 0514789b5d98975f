// A relay in a process of its own, over TLS. Prints its URL.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createRelay } from 'kubeflect/relay'
import { ConfigMap, Pod } from 'kubeflect/resources/core/v1'
import { nodeListener } from 'kubeflect/testing'

const [baseUrl = '', cert = '', key = ''] = process.argv.slice(2)
const relay = createRelay({ client: { baseUrl }, resources: [ConfigMap, Pod], authorize: 'none' })
await relay.whenSynced()
const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, nodeListener(relay.fetch))
server.listen({ port: 0, host: '127.0.0.1', backlog: 20_000 }, () =>
  console.log(`https://127.0.0.1:${(server.address() as AddressInfo).port}`),
)
process.on('disconnect', () => process.exit(0))
