// A program that prints the root causes of failed requests.

import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { rootCause } from '../../src/internal/root-cause.ts'
import { createAuthority } from '../kubeconfig/certificates.ts'

// Sends requests that fail, in any runtime, and prints the root cause of each as JSON.

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function causeOf(url: string): Promise<string> {
  try {
    const response = await fetch(url)
    return `answered ${response.status}`
  } catch (error) {
    return rootCause(error)
  }
}

const closing = createServer((socket) => void socket.on('error', () => undefined).once('data', () => socket.destroy()))
const untrusted = createTlsServer(createAuthority().server('127.0.0.1'), (socket) => void socket.end())
untrusted.on('tlsClientError', () => undefined)
const unused = createServer()
const unusedPort = await listen(unused)
await new Promise((resolve) => unused.close(resolve))

console.log(
  JSON.stringify({
    refused: await causeOf(`http://127.0.0.1:${unusedPort}/`),
    unknown: await causeOf('http://no-such-host.invalid/'),
    reset: await causeOf(`http://127.0.0.1:${await listen(closing)}/`),
    untrusted: await causeOf(`https://127.0.0.1:${await listen(untrusted)}/`),
  }),
)
process.exit(0)
