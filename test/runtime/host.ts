import { setTimeout as delay } from 'node:timers/promises'
import { Pod } from '../../src/resources/core/v1'
import type { RequestRecord } from '../../src/testing'
import { FakeApiServer } from '../../src/testing'
import { type HttpServer, serve } from '../support/http.ts'

/** What a case can do to its server. Everything goes over HTTP: names, numbers and nothing else. */
export interface Controls {
  /** Creates a pod and gives its resourceVersion. */
  create(name: string): string
  /** Deletes a pod. */
  delete(name: string): void
  /** Breaks every connection. */
  disconnect(): void
  /** From now on every request is answered with 503, or no more. */
  refuse(whether: 'all' | 'none'): void
  /** From now on every request is answered with a redirect to this URL. */
  redirect(location: string): void
  /** Forgets the past. */
  compact(): void
  /** From now on no other token will do. */
  requireToken(token: string): void
  /** Writes a line to the log of a pod's container and ends it. */
  log(name: string, line: string): void
  /** The requests so far: `list`, `watch`, or `stream` for a watch that asks for the state first. */
  requests(): string[]
  /** Resolves when no request is open. */
  settled(): Promise<void>
}

const CONTAINER = 'main'

/** The server side of the matrix: as many fake API servers as are asked for, each under a path of its own, on one real port. */
export async function startHost(): Promise<HttpServer> {
  const servers = new Map<string, HostedServer>()
  return serve(async (request) => {
    const url = new URL(request.url)
    if (url.pathname === '/') return new Response('<!doctype html>', { headers: { 'content-type': 'text/html' } })
    if (url.pathname === '/control') return control(servers, await request.json())
    const [, path = ''] = /^(\/\d+)\//.exec(url.pathname) ?? []
    const server = servers.get(path)
    if (!server) return new Response(`there is no server ${path}`, { status: 404 })
    url.pathname = url.pathname.slice(path.length)
    return server.fetch(new Request(url, request))
  })
}

async function control(servers: Map<string, HostedServer>, body: unknown): Promise<Response> {
  const { path, operation, args } = body as { path?: string; operation: 'begin' | keyof Controls; args: never[] }
  if (operation === 'begin') {
    const next = `/${servers.size + 1}`
    servers.set(next, new HostedServer())
    return Response.json({ value: next })
  }
  const server = servers.get(path ?? '')
  if (!server) return new Response(`there is no server ${path}`, { status: 404 })
  const call = server[operation] as (...args: never[]) => unknown
  return Response.json({ value: await call.apply(server, args) })
}

class HostedServer implements Controls {
  readonly #server = new FakeApiServer({ resourceVersion: 100 })
  #refused: 'all' | 'none' = 'none'
  #token: string | undefined
  #location: string | undefined

  async fetch(request: Request): Promise<Response> {
    if (this.#location) return new Response('moved', { status: 302, headers: { location: this.#location } })
    if (this.#refused === 'all') return failure(503, 'ServiceUnavailable')
    if (this.#token && request.headers.get('authorization') !== `Bearer ${this.#token}`) return failure(401, 'Unauthorized')
    return this.#server.fetch(request)
  }
  create(name: string): string {
    const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'shop' }, spec: { containers: [{ name: CONTAINER }] } }
    return this.#server.create(Pod, pod).metadata.resourceVersion ?? ''
  }
  delete(name: string): void {
    this.#server.delete(Pod, { name, namespace: 'shop' })
  }
  disconnect(): void {
    this.#server.disconnect()
  }
  refuse(whether: 'all' | 'none'): void {
    this.#refused = whether
  }
  redirect(location: string): void {
    this.#location = location
  }
  compact(): void {
    this.#server.compact()
  }
  requireToken(token: string): void {
    this.#token = token
  }
  log(name: string, line: string): void {
    const container = { namespace: 'shop', name, container: CONTAINER }
    this.#server.logs.append(container, [line])
    this.#server.logs.end(container)
  }
  requests(): string[] {
    // One object is asked for to confirm the server's history.
    return this.#server.requests.filter(({ url }) => !url.includes('limit=1')).map(kindOf)
  }
  async settled(): Promise<void> {
    while (this.#server.openRequests.length > 0) await delay(1)
  }
}

const kindOf = ({ verb, url }: RequestRecord): string => (new URL(url).searchParams.has('sendInitialEvents') ? 'stream' : verb)

const failure = (code: number, reason: string): Response =>
  Response.json({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message: reason }, { status: code })
