import type { Resource } from '../../src/api/resource'
import { createRelay, type RelayEvent, type RelayOptions } from '../../src/relay'
import type { Relay } from '../../src/relay/relay'
import { ConfigMap } from '../../src/resources/core/v1'
import { World } from '../conformance/world'

/** A fake API server with a relay in front of it, in virtual time. The relay caches config maps. */
export class RelayWorld extends World implements AsyncDisposable {
  readonly relay: Relay
  readonly events: RelayEvent[] = []

  constructor(names: readonly string[] = [], options: Partial<RelayOptions> = {}, server: ConstructorParameters<typeof World>[1] = {}) {
    super(names, server)
    this.relay = this.start(options)
  }

  /** Starts another relay in front of the same server. */
  start({ resources = [ConfigMap as Resource], ...options }: Partial<RelayOptions> = {}): Relay {
    return createRelay({
      client: { baseUrl: this.baseUrl, fetch: this.server.fetch, clock: this.clock },
      callerFetch: this.server.fetch,
      resources,
      authorize: 'none',
      clock: this.clock,
      random: () => 0.5,
      onError: () => undefined,
      onEvent: (event) => this.events.push(event),
      ...options,
    })
  }

  /** Resolves when the relay's caches are filled; the server forgets the requests for that, except the open watches. */
  async ready(): Promise<this> {
    await this.clock.settle()
    await this.relay.whenSynced()
    this.server.forgetRequests()
    return this
  }

  request(path: string, init: RequestInit = {}): Promise<Response> {
    return this.relay.fetch(new Request(`http://relay.test${path}`, init))
  }

  /** The same request to the API server itself. */
  direct(path: string, init: RequestInit = {}): Promise<Response> {
    return this.server.fetch(new Request(`http://kubernetes.test${path}`, init))
  }

  /** Opens a watch through the relay and reads it in the background. */
  async watch(query: string, init: RequestInit = {}): Promise<ReadWatch> {
    return readWatch(await this.request(`${CONFIG_MAPS}?watch=true&${query}`, init))
  }

  /** The requests that the API server got, except for those of open watches: `LIST configmaps`. */
  get upstream(): string[] {
    return this.server.requests.filter(({ state }) => state === 'closed').map(({ verb, resource }) => `${verb} ${resource}`)
  }

  /** The reasons why requests were passed on. */
  get passes(): string[] {
    return this.events.flatMap((event) => (event.type === 'passed' ? [event.why] : []))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.relay.close()
    await this.clock.settle()
    await closed
  }
}

export const CONFIG_MAPS = '/api/v1/configmaps'
export const IN_SHOP = '/api/v1/namespaces/shop/configmaps'

/** A watch that is being read. */
export interface ReadWatch {
  readonly status: number
  /** In short: `ADDED a@101`, `BOOKMARK 102 end`, `ERROR 410`. */
  readonly events: string[]
  readonly objects: Record<string, unknown>[]
  state: 'open' | 'ended' | 'broken'
  cancel(): Promise<void>
}

export function readWatch(response: Response): ReadWatch {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  const watch: ReadWatch = { status: response.status, events: [], objects: [], state: 'open', cancel: async () => reader?.cancel() }
  const run = async () => {
    let rest = ''
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true, value: undefined }
      if (done) break
      const lines = (rest + value).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) take(JSON.parse(line))
    }
  }
  const take = ({ type, object }: { type: string; object: { code?: number; metadata?: Record<string, unknown> } }) => {
    watch.objects.push(object)
    const { name, resourceVersion, annotations } = object.metadata ?? {}
    if (type === 'ERROR') watch.events.push(`ERROR ${object.code}`)
    else if (type === 'BOOKMARK') watch.events.push(`BOOKMARK ${resourceVersion}${annotations ? ' end' : ''}`)
    else watch.events.push(`${type} ${name}@${resourceVersion}`)
  }
  run().then(
    () => {
      watch.state = 'ended'
    },
    () => {
      watch.state = 'broken'
    },
  )
  return watch
}

/** The names and versions of a list: `a@101 b@102`, and its version. */
export async function briefList(response: Response): Promise<{ status: number; items: string; version: string; token: string }> {
  const { metadata = {}, items = [] } = await response.json()
  return {
    status: response.status,
    items: items.map(({ metadata: own }: { metadata: Record<string, string> }) => `${own.name}@${own.resourceVersion}`).join(' '),
    version: metadata.resourceVersion,
    token: metadata.continue ?? '',
  }
}
