// Reads the wire without the library, for the tests of facts about API servers.

import { once } from 'node:events'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { request } from 'node:https'
import type { KubeList, KubeObject, Status } from '../../src/api/object'
import type { WatchEvent } from '../../src/codec/wire'
import type { Cluster } from './cluster.ts'

/** A ConfigMap, and the used members of any other object. */
interface ConfigMap extends KubeObject {
  data?: Record<string, string>
}

/** A list, or the Status sent instead. */
export type ListOrStatus = KubeList<ConfigMap> & Status

/** Query parameters. */
type Query = Record<string, string | number | boolean | undefined>

/** The ConfigMaps in a namespace that only one test uses. */
export class Playground {
  readonly namespace: string
  readonly #cluster: Cluster

  private constructor(cluster: Cluster, namespace: string) {
    this.#cluster = cluster
    this.namespace = namespace
  }

  static async create(cluster: Cluster, namespace: string): Promise<Playground> {
    await cluster.kubectl(['create', 'namespace', namespace])
    return new Playground(cluster, namespace)
  }

  /** Returns the path and query of the collection. */
  path(query: Query = {}): string {
    const parameters = new URLSearchParams(
      Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
    )
    return `/api/v1/namespaces/${this.namespace}/configmaps?${parameters}`
  }

  /** Creates or replaces a ConfigMap. */
  async put(
    name: string,
    { data = {}, labels = {} }: { data?: Record<string, string>; labels?: Record<string, string> } = {},
  ): Promise<string> {
    const manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels }, data }
    const replaced = await this.#send('PUT', name, manifest)
    const response = replaced.status === 404 ? await this.#send('POST', '', manifest) : replaced
    return resourceVersionOf(response)
  }

  /** Deletes a ConfigMap. */
  async delete(name: string): Promise<void> {
    await this.#send('DELETE', name)
  }

  /** Reads the collection. */
  async list(query: Query = {}): Promise<{ status: number; headers: Headers; body: ListOrStatus }> {
    const response = await fetch(this.#cluster.proxyUrl + this.path(query))
    return { status: response.status, headers: response.headers, body: (await response.json()) as ListOrStatus }
  }

  /** Returns the newest version of the collection. */
  async resourceVersion(): Promise<string> {
    return (await this.list()).body.metadata.resourceVersion ?? ''
  }

  /** Opens a watch. */
  watch(query: Query = {}): Promise<WatchStream> {
    return WatchStream.open(this.#cluster.proxyUrl + this.path({ watch: true, ...query }))
  }

  async #send(method: string, name: string, body?: object): Promise<Response> {
    const url = `${this.#cluster.proxyUrl}/api/v1/namespaces/${this.namespace}/configmaps${name && `/${name}`}`
    return fetch(url, { method, ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }) })
  }
}

async function resourceVersionOf(response: Response): Promise<string> {
  const object = (await response.json()) as KubeObject
  if (!response.ok) throw new Error(`HTTP ${response.status}: ${JSON.stringify(object)}`)
  return object.metadata.resourceVersion ?? ''
}

/** An open watch, read line by line. */
export class WatchStream implements AsyncDisposable {
  // The response, not only its body: Node cancels the body of a response that is garbage-collected before it is read.
  readonly #response: Response
  readonly #controller: AbortController

  private constructor(response: Response, controller: AbortController) {
    this.#response = response
    this.#controller = controller
  }

  get status(): number {
    return this.#response.status
  }
  get headers(): Headers {
    return this.#response.headers
  }

  /** Opens a watch; resolves when the headers have arrived. */
  static async open(url: string): Promise<WatchStream> {
    const controller = new AbortController()
    return new WatchStream(await fetch(url, { signal: controller.signal }), controller)
  }

  /** Reads the lines up to the first one that `isLast` accepts, or to the end of the stream. */
  async lines(isLast: (line: string) => boolean = () => false): Promise<string[]> {
    const lines: string[] = []
    let rest = ''
    const decoder = new TextDecoder()
    for await (const chunk of this.#response.body ?? []) {
      const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = parts.pop() ?? ''
      for (const line of parts) {
        lines.push(line)
        if (isLast(line)) return lines
      }
    }
    return lines
  }

  /** Reads the events up to the first one that `isLast` accepts, or to the end of the stream. */
  async events(isLast: (event: WatchEvent<ConfigMap>) => boolean = () => false): Promise<WatchEvent<ConfigMap>[]> {
    const parse = (line: string) => JSON.parse(line) as WatchEvent<ConfigMap>
    return (await this.lines((line) => isLast(parse(line)))).map(parse)
  }

  /** Closes the watch. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#controller.abort()
  }
}

/** Sends a GET to the API server without `kubectl proxy`. The body of the response is not read yet. */
export function getDirectly(
  { serverUrl, certificateAuthority, adminToken }: Cluster,
  path: string,
  headers: Record<string, string> = {},
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = { ca: certificateAuthority, agent: false, headers: { authorization: `Bearer ${adminToken}`, ...headers } }
    request(serverUrl + path, options, resolve)
      .once('error', reject)
      .end()
  })
}

/** Sends a GET to the API server without `kubectl proxy`, and returns status, headers and body. */
export async function readDirectly(
  cluster: Cluster,
  path: string,
  headers?: Record<string, string>,
): Promise<{ status: number; headers: IncomingHttpHeaders; body: string }> {
  const response = await getDirectly(cluster, path, headers)
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk)
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString() }
}

/** Keeps a request open at the API server until it is released: its body does not arrive. */
export async function holdRequest({ serverUrl, certificateAuthority, adminToken }: Cluster): Promise<{ release(): void }> {
  const headers = { authorization: `Bearer ${adminToken}`, expect: '100-continue', 'content-type': 'application/json', 'content-length': 2 }
  const options = { method: 'POST', ca: certificateAuthority, agent: false, headers } as const
  const held = request(`${serverUrl}/api/v1/namespaces/default/configmaps`, options)
  await once(held, 'continue')
  // The outcome of the request does not matter.
  return { release: () => held.on('error', () => undefined).destroy() }
}
