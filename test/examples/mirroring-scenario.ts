import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { KubeObject } from '../../src/api/object'
import { ConfigMap, type Namespace } from '../../src/resources/core/v1'
import { type HttpServer, serve } from '../support/http'
import { goesQuietly, type RunningExample, runExample } from './run'

/** An API server that the example is run against. */
export interface MirroringTarget {
  /** Where it is; a request's url begins with it. */
  readonly baseUrl: string
  fetch(request: Request): Promise<Response>
  /** The requests that are under way, as far as the server can tell. */
  readonly openRequests: readonly unknown[]
}

/** One original and its copies. Their names are their own, so that a server may serve several tests. */
class Mirrors implements AsyncDisposable {
  /** How many of the example's writes are answered from now on; one beyond that is carried out, and its answer never comes. */
  answers: number = Number.POSITIVE_INFINITY
  /** How many answers are kept from the example. */
  withheld = 0
  readonly #target: MirroringTarget
  readonly #id: string
  // In Node the abort of a request that nobody holds any more never comes to those made from it.
  readonly #held: Request[] = []
  #front: HttpServer | undefined

  constructor(target: MirroringTarget, id: string) {
    this.#target = target
    this.#id = id
  }

  /** Starts the example, with the server behind a front that may withhold answers. */
  async start(): Promise<RunningExample> {
    this.#front ??= await serve((request) => this.#forward(request))
    return runExample('mirroring-a-configmap', '--server', this.#front.url, '--name', this.#id)
  }

  /** The next lines besides those that say what may be said again, in alphabetical order: which namespace comes first is not promised. */
  async lines(example: RunningExample, count: number, again?: string): Promise<(string | undefined)[]> {
    const read: (string | undefined)[] = []
    while (read.length < count) {
      const line = (await example.line())?.replace(`${this.#id}-`, '')
      if (line === undefined || line !== again) read.push(line)
    }
    return read.sort()
  }

  /** Makes namespaces that are to have a copy. */
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
  /** What the namespaces have, `-` where there is nothing. */
  async colors(...names: readonly string[]): Promise<string> {
    const found = await Promise.all(names.map((name) => this.#send<ConfigMap>('GET', this.#path(name, this.#id))))
    return found.map((object) => object?.data?.color ?? '-').join(' ')
  }

  /** The namespace's name on the server. */
  place(name: string): string {
    return name === 'default' ? name : `${this.#id}-${name}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#front?.close()
  }

  async #forward(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url)
    const { method, signal } = request
    this.#held.push(request)
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

  /** @returns undefined where there is nothing. */
  async #send<T extends KubeObject>(method: string, path: string, body?: KubeObject): Promise<T | undefined> {
    const init = { method, ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }) }
    const response = await this.#target.fetch(new Request(this.#target.baseUrl + path, init))
    if (response.status === 404) return void (await response.body?.cancel())
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as T
  }
}

/** What the example promises, on any API server. Each run starts a process that compiles the sources as it loads them. */
export function mirroring(target: () => MirroringTarget): void {
  let tests = 0
  let mirrors: Mirrors
  beforeEach(() => {
    mirrors = new Mirrors(target(), `shared-${tests++}`)
  })
  afterEach(() => mirrors[Symbol.asyncDispose]())

  test('copies the ConfigMap into the labelled namespaces, and follows it, the labels and whoever meddles with the copies', async () => {
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
    // A copy can be put right twice, when the cache has not heard of the first time yet.
    expect(await mirrors.lines(example, 2, 'PUT team-a')).toEqual(['DELETE other', 'DELETE team-a'])
    await goesQuietly(example, target())
  })

  test('killed between a write and its answer, and started again, it does what is left, makes good what happened meanwhile, and no more', async () => {
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
    await goesQuietly(second, target())
  })

  test('leaves alone what is not its own, and tries again until it is out of the way', async () => {
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
