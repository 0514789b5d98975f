// Tests of the example mirroring-a-configmap, for the fake server and a real one.

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { KubeObject } from '../../src/api/object'
import { ConfigMap, type Namespace } from '../../src/resources/core/v1'
import { type HttpServer, serve } from '../support/http'
import { expectCleanExit, type RunningExample, runExample } from './run'

/** An API server that the example is run against. */
export interface MirroringTarget {
  /** The base URL of the server, without a trailing slash. */
  readonly baseUrl: string
  fetch(request: Request): Promise<Response>
  /** The open requests, as known to the server. */
  readonly openRequests: readonly unknown[]
}

/** A mirrored ConfigMap and its copies. Each instance has unique names, so that several tests can share a server. */
class Mirrors implements AsyncDisposable {
  /** The number of the example's future writes that get a response; the next one is carried out, but its response never arrives. */
  answers: number = Number.POSITIVE_INFINITY
  /** The number of responses that never arrived. */
  withheld = 0
  readonly #target: MirroringTarget
  readonly #id: string
  // In Node, aborting a request that was garbage-collected does not abort the requests created from it.
  readonly #retained: Request[] = []
  #proxy: HttpServer | undefined

  constructor(target: MirroringTarget, id: string) {
    this.#target = target
    this.#id = id
  }

  /** Starts the example behind a proxy that can withhold responses. */
  async start(): Promise<RunningExample> {
    this.#proxy ??= await serve((request) => this.#forward(request))
    return runExample('mirroring-a-configmap', '--server', this.#proxy.url, '--name', this.#id)
  }

  /** Reads the next lines, sorted because the order of namespaces is not defined. Ignores repetitions of the line `again`. */
  async lines(example: RunningExample, count: number, again?: string): Promise<(string | undefined)[]> {
    const read: (string | undefined)[] = []
    while (read.length < count) {
      const line = (await example.line())?.replace(`${this.#id}-`, '')
      if (line === undefined || line !== again) read.push(line)
    }
    return read.sort()
  }

  /** Creates namespaces with the label that requests a copy. */
  async namespaces(...names: readonly string[]): Promise<void> {
    for (const name of names) await this.#send('POST', '/api/v1/namespaces', this.#namespace(name, this.#labels))
  }
  async labelled(name: string, labelled: 'labelled' | 'not labelled'): Promise<void> {
    await this.#send('PUT', `/api/v1/namespaces/${this.place(name)}`, this.#namespace(name, labelled === 'labelled' ? this.#labels : {}))
  }

  async create(name: string, color: string): Promise<void> {
    await this.#send('POST', this.#path(name), this.#configMap(color, {}))
  }
  /** Changes the original, or a copy. */
  async paint(name: string, color: string): Promise<void> {
    await this.#send('PUT', this.#path(name, this.#id), this.#configMap(color, name === 'default' ? {} : this.#labels))
  }
  async delete(name: string): Promise<void> {
    await this.#send('DELETE', this.#path(name, this.#id))
  }
  /** Returns the colors of the copies in the namespaces; `-` for a missing copy. */
  async colors(...names: readonly string[]): Promise<string> {
    const found = await Promise.all(names.map((name) => this.#send<ConfigMap>('GET', this.#path(name, this.#id))))
    return found.map((object) => object?.data?.color ?? '-').join(' ')
  }

  /** Returns the name of a namespace on the server. */
  place(name: string): string {
    return name === 'default' ? name : `${this.#id}-${name}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#proxy?.close()
  }

  async #forward(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url)
    const { method, signal } = request
    this.#retained.push(request)
    const body = method === 'GET' ? null : await request.text()
    const headers = { accept: 'application/json', 'content-type': 'application/json' }
    const response = await this.#target.fetch(new Request(this.#target.baseUrl + pathname + search, { method, headers, body, signal }))
    if (method === 'GET' || this.answers-- > 0) return response
    await response.body?.cancel()
    this.withheld++
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  }

  get #labels(): Record<string, string> {
    return { mirrors: `default.${this.#id}` }
  }
  #namespace(name: string, labels: Record<string, string>): Namespace {
    return { kind: 'Namespace', apiVersion: 'v1', metadata: { name: this.place(name), labels } }
  }
  #configMap(color: string, labels: Record<string, string>): ConfigMap {
    return { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: this.#id, labels }, data: { color } }
  }
  #path(name: string, object = ''): string {
    return `/api/v1/namespaces/${this.place(name)}/${ConfigMap.plural}/${object}`.replace(/\/$/, '')
  }

  /** @returns the object in the response; undefined when it does not exist. */
  async #send<T extends KubeObject>(method: string, path: string, body?: KubeObject): Promise<T | undefined> {
    const init = { method, ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }) }
    const response = await this.#target.fetch(new Request(this.#target.baseUrl + path, init))
    if (response.status === 404) return void (await response.body?.cancel())
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as T
  }
}

/** Tests the example against an API server. Each run starts a process that compiles the sources while loading them. */
export function mirroring(target: () => MirroringTarget): void {
  let tests = 0
  let mirrors: Mirrors
  beforeEach(() => {
    mirrors = new Mirrors(target(), `shared-${tests++}`)
  })
  afterEach(() => mirrors[Symbol.asyncDispose]())

  test('mirroring copies the ConfigMap into the labelled namespaces, and corrects the copies when it, the labels or the copies change', async () => {
    await mirrors.namespaces('team-a', 'team-b', 'other')
    await mirrors.labelled('other', 'not labelled')
    await mirrors.create('default', 'red')
    await using example = await mirrors.start()
    expect(await mirrors.lines(example, 2)).toEqual(['POST team-a', 'POST team-b'])
    const all = ['team-a', 'team-b', 'other', 'default']
    expect(await mirrors.colors(...all)).toBe('red red - red')

    await mirrors.paint('default', 'green')
    expect(await mirrors.lines(example, 2)).toEqual(['PUT team-a', 'PUT team-b'])
    await mirrors.labelled('other', 'labelled')
    expect(await mirrors.lines(example, 1)).toEqual(['POST other'])
    await mirrors.labelled('team-b', 'not labelled')
    expect(await mirrors.lines(example, 1)).toEqual(['DELETE team-b'])
    await mirrors.delete('team-a')
    expect(await mirrors.lines(example, 1)).toEqual(['POST team-a'])
    await mirrors.paint('team-a', 'pink')
    expect(await mirrors.lines(example, 1)).toEqual(['PUT team-a'])
    expect(await mirrors.colors(...all)).toBe('green - green green')

    await mirrors.delete('default')
    // A copy can be corrected twice, while the cache has not received the first correction.
    expect(await mirrors.lines(example, 2, 'PUT team-a')).toEqual(['DELETE other', 'DELETE team-a'])
    await expectCleanExit(example, target())
  })

  test('mirroring resumes after a kill between a write and its response: it finishes the work, corrects changes made in between, and writes nothing else', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    await mirrors.namespaces(...names)
    await mirrors.create('default', 'red')
    mirrors.answers = 2
    const first = await mirrors.start()
    const [left = '', changed = ''] = (await mirrors.lines(first, 2)).map((line) => line?.replace('POST ', ''))
    await vi.waitUntil(() => mirrors.withheld === 1, { timeout: 30_000 })
    await first[Symbol.asyncDispose]()
    expect((await first.ended).code).toBe('SIGKILL')
    const missing: string[] = []
    for (const name of names) if ((await mirrors.colors(name)) === '-') missing.push(name)
    expect(missing).toHaveLength(3)

    await mirrors.labelled(left, 'not labelled')
    await mirrors.paint(changed, 'pink')
    await mirrors.namespaces('joined')
    mirrors.answers = Number.POSITIVE_INFINITY
    await using second = await mirrors.start()
    const expected = [`DELETE ${left}`, ...[...missing, 'joined'].map((name) => `POST ${name}`), `PUT ${changed}`]
    expect(await mirrors.lines(second, 6)).toEqual(expected)
    expect(await mirrors.colors(left, ...names.filter((name) => name !== left), 'joined')).toBe('- red red red red red red')
    await expectCleanExit(second, target())
  })

  test('mirroring does not change an object that it did not create, and retries until that object is gone', async () => {
    await mirrors.namespaces('team-a', 'team-b')
    await mirrors.create('team-a', 'theirs')
    await mirrors.create('default', 'red')
    await using example = await mirrors.start()
    expect(await mirrors.lines(example, 1)).toEqual(['POST team-b'])
    await vi.waitUntil(() => example.stderr().includes(`${mirrors.place('team-a')}: ApiError: POST`), { timeout: 30_000 })
    expect(await mirrors.colors('team-a')).toBe('theirs')
    await mirrors.delete('team-a')
    expect(await mirrors.lines(example, 1)).toEqual(['POST team-a'])
    example.interrupt()
    expect(await example.ended).toMatchObject({ code: 0 })
  })
}
