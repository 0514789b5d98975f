// Connects to a server through an HTTP proxy, in Node and Bun.

import { toBase64 } from '../internal/base64'
import { listen } from '../internal/listen'
import type { Connection, TlsOptions } from './node-connection'

/** The part of `net.Socket` and `tls.TLSSocket` that is used before the connection is handed on. */
interface Raw extends Connection {
  once(event: string, listener: (error: Error) => void): unknown
  off(event: string, listener: (error: Error) => void): unknown
}

/** The part of `http.ClientRequest` that is used. */
interface Outgoing {
  on(event: 'connect', listener: (response: { readonly statusCode?: number }, connection: Raw, head: Uint8Array) => void): Outgoing
  on(event: 'response', listener: (response: { readonly statusCode?: number }) => void): Outgoing
  on(event: 'error', listener: (error: Error) => void): Outgoing
  end(): unknown
  destroy(): unknown
}

/** The modules of the runtime that are used. */
interface NodeModules {
  getBuiltinModule(name: 'node:http' | 'node:https'): { request(url: string, options: object): Outgoing }
  getBuiltinModule(name: 'node:tls'): { connect(options: object): Raw }
  getBuiltinModule(name: 'node:net'): { isIP(host: string): number }
}

/**
 * Asks a proxy for a connection to a server (CONNECT), and speaks TLS on it for an `https:` URL.
 *
 * @param proxy the URL of the proxy, with its user and password.
 * @param tls the settings for the server; the proxy gets none of them.
 * @throws Error when the proxy refuses, naming its status; the errors of both connections; the signal's reason.
 */
export async function tunnelTo(target: URL, proxy: string, { tls, signal }: { tls: TlsOptions; signal: AbortSignal }): Promise<Connection> {
  const { process } = globalThis as unknown as { process: NodeModules }
  const isSecure = target.protocol === 'https:'
  const raw = await openTunnel(process, `${target.hostname}:${target.port || (isSecure ? 443 : 80)}`, { proxy, signal })
  // Its errors are those of what runs on it.
  raw.on('error', () => undefined)
  if (!isSecure) return raw
  const host = target.hostname.replace(/^\[|\]$/g, '')
  // An address cannot be a server name.
  const servername = tls.servername ?? (process.getBuiltinModule('node:net').isIP(host) ? undefined : host)
  const secure = process.getBuiltinModule('node:tls').connect({ ...tls, socket: raw, host, ...(servername && { servername }) })
  return ready(secure, signal)
}

function openTunnel(process: NodeModules, server: string, { proxy, signal }: { proxy: string; signal: AbortSignal }): Promise<Raw> {
  const url = new URL(proxy)
  const credentials = [url.username, url.password].map(decodeURIComponent).join(':')
  url.username = url.password = ''
  const headers = {
    host: server,
    ...(credentials !== ':' && { 'proxy-authorization': `Basic ${toBase64(new TextEncoder().encode(credentials))}` }),
  }
  const { request } = process.getBuiltinModule(url.protocol === 'https:' ? 'node:https' : 'node:http')
  return new Promise((resolve, reject) => {
    const outgoing = request(url.href, { method: 'CONNECT', path: server, headers, agent: false })
    const unlisten = listen(signal, 'abort', () => fail(signal.reason))
    const fail = (error: unknown): void => {
      unlisten()
      reject(error)
      outgoing.destroy()
    }
    const refuse = (status: number | undefined) => fail(new Error(`the proxy answered ${status} to CONNECT ${server}`))
    outgoing
      .on('connect', ({ statusCode }, connection) => {
        if (statusCode !== 200) return refuse(statusCode)
        unlisten()
        resolve(connection)
      })
      .on('response', ({ statusCode }) => refuse(statusCode))
      .on('error', fail)
      .end()
    if (signal.aborted) fail(signal.reason)
  })
}

/** Waits until a TLS connection is ready. */
function ready(connection: Raw, signal: AbortSignal): Promise<Raw> {
  return new Promise((resolve, reject) => {
    const unlisten = listen(signal, 'abort', () => fail(signal.reason))
    const fail = (error: unknown): void => {
      unlisten()
      reject(error)
      // Closes the tunnel, too.
      connection.destroy()
    }
    connection.once('error', fail)
    connection.once('secureConnect', () => {
      unlisten()
      connection.off('error', fail)
      resolve(connection)
    })
    if (signal.aborted) fail(signal.reason)
  })
}
