// The least that holds watches: a bare server of Node that answers each request with headers, and writes every change to all. Prints its URL.
import { readFileSync } from 'node:fs'
import { createServer as createHttpServer, type ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tellMemory } from './tell-memory.ts'

const [cert = '', key = ''] = process.argv.slice(2)
const held = new Set<ServerResponse>()
const listener = (_: unknown, response: ServerResponse) => {
  held.add(response)
  response.once('close', () => held.delete(response))
  response.writeHead(200, { 'content-type': 'application/json' })
  response.flushHeaders()
}
const server = cert ? createServer({ cert: readFileSync(cert), key: readFileSync(key) }, listener) : createHttpServer(listener)
server.listen({ port: 0, host: '127.0.0.1', backlog: 20_000 }, () =>
  console.log(`${cert ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`),
)
tellMemory((text) => {
  const bytes = new TextEncoder().encode(text)
  for (const response of held) response.write(bytes)
})
