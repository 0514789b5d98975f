import type { Status } from '../../src/api/object'
import { abortable } from '../../src/internal/abortable'
import { createRelay } from '../../src/relay'
import { ConfigMap } from '../../src/resources/core/v1'
import type { Fault, RequestRecord } from '../../src/testing'
import { FakeApiServer } from '../../src/testing'
import { type HttpServer, serve } from '../support/http.ts'
import { MARKER } from './call-log.ts'
import type { Change, History, Phase, Trouble } from './history.ts'
import type { Watcher } from './subject.ts'

const { namespace } = MARKER
/** Longer than client-go's longest wait. */
const PATIENCE_MS = 30_000

/** The server as informers reach it: directly, or through a relay, which then meets the troubles instead of them. */
export type Path = 'direct' | 'relay'

interface ArenaParts {
  readonly server: FakeApiServer
  readonly http: HttpServer
  readonly gate: Gate
  readonly labelSelector: string
  readonly relay: RelayOnPort | undefined
}

/** A fake API server on a port, at which several informers live through one history. */
export class Arena implements AsyncDisposable {
  readonly url: string
  readonly #server: FakeApiServer
  readonly #http: HttpServer
  readonly #gate: Gate
  readonly #labelSelector: string
  readonly #relay: RelayOnPort | undefined
  #changes = 0

  private constructor({ server, http, gate, labelSelector, relay }: ArenaParts) {
    this.url = relay?.url ?? http.url
    this.#server = server
    this.#http = http
    this.#gate = gate
    this.#labelSelector = labelSelector
    this.#relay = relay
  }

  static async open({ watchList, labelSelector, beforehand }: History, path: Path = 'direct'): Promise<Arena> {
    let uids = 0
    const server = new FakeApiServer({ watchList, uid: () => `uid-${uids++}` })
    const gate = new Gate()
    const handler = async (request: Request) => {
      await gate.pass()
      return server.fetch(request)
    }
    const http = await serve(handler)
    const relay = path === 'relay' ? await startRelay(http.url) : undefined
    // A relay watches everything.
    const arena = new Arena({ server, http, gate, labelSelector: relay ? '' : labelSelector, relay })
    arena.#touch()
    for (const change of beforehand) arena.#change(change)
    return arena
  }

  /** Lets a phase happen, and waits until all watchers have come to rest. */
  async live(phase: Phase, watchers: readonly Watcher[]): Promise<void> {
    const { trouble, changes } = phase
    if (trouble === 'none') this.#apply(changes)
    else {
      // What the informers ask for now is answered when the changes have happened: not before, and not half of them.
      this.#gate.close()
      const first = await this.#interrupt(phase, watchers)
      this.#gate.open()
      if (trouble === 'torn') {
        // One event has come, and a part of the next.
        await told(watchers, first)
        this.#server.disconnect()
      }
    }
    await this.settle(watchers)
  }

  /** Waits until all watchers have been told of everything, and watch. */
  async settle(watchers: readonly Watcher[]): Promise<void> {
    // The first time may have come with a list; the second comes by the watch that follows it.
    for (let time = 0; time < 2; time++) {
      await told(watchers, this.#touch())
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#relay?.close()
    await this.#http.close()
  }

  /** Loses all connections, and makes the changes. Gives the version of the first. */
  async #interrupt({ trouble, changes, afterEvents }: Phase, watchers: readonly Watcher[]): Promise<string> {
    const before = this.#server.resourceVersion
    this.#server.disconnect()
    const first = this.#touch()
    const half = changes.length >> 1
    this.#apply(changes.slice(0, half))
    if (trouble === 'restart') this.#server.restart()
    this.#apply(changes.slice(half))
    if (trouble === 'compacted' || trouble === 'list refused') this.#server.compact()
    const fault = faultOf(trouble, await this.#linesSince(before), afterEvents)
    if (!fault) return first
    for (const name of this.#relay ? [RELAY] : watchers.map((watcher) => watcher.name)) {
      const isMeant = trouble === 'list refused' ? isFill : isWatch
      this.#server.faults.add({ match: (request) => request.headers.get('user-agent') === name && isMeant(request), fault })
    }
    return first
  }

  #apply(changes: readonly Change[]): void {
    for (const change of changes) this.#change(change)
  }

  #change({ do: what, name, app }: Change): void {
    const exists = this.#server.get(ConfigMap, { namespace, name }) !== undefined
    if (exists && what !== 'put') this.#server.delete(ConfigMap, { namespace, name })
    if (what === 'delete') return
    this.#put(name, app, exists && what === 'put')
  }

  #touch(): string {
    const exists = this.#server.get(ConfigMap, MARKER) !== undefined
    return this.#put(MARKER.name, 'web', exists)
  }

  #put(name: string, app: string, exists: boolean): string {
    const object: ConfigMap = { metadata: { name, namespace, labels: { app } }, data: { change: String(this.#changes++) } }
    const { metadata } = exists ? this.#server.update(ConfigMap, object) : this.#server.create(ConfigMap, object)
    return metadata.resourceVersion ?? ''
  }

  /** What a watch from a version begins with, line by line. */
  async #linesSince(resourceVersion: string): Promise<string[]> {
    const last = `"resourceVersion":"${this.#touch()}"`
    const query = new URLSearchParams({ watch: 'true', resourceVersion, labelSelector: this.#labelSelector })
    const { body } = await this.#server.fetch(`${this.url}/api/v1/namespaces/${namespace}/configmaps?${query}`)
    let text = ''
    for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk
      if (text.includes(last)) break
    }
    return text.split(/(?<=\n)/)
  }
}

/** The user agent of the relay. */
const RELAY = 'relay'

interface RelayOnPort {
  readonly url: string
  close(): Promise<void>
}

async function startRelay(baseUrl: string): Promise<RelayOnPort> {
  const relay = createRelay({
    client: { baseUrl, headers: { 'user-agent': RELAY } },
    resources: [ConfigMap],
    authorize: 'none',
    backoff: { initialMs: 1, maxMs: 10 },
    onError: () => undefined,
  })
  await relay.whenSynced()
  const http = await serve(relay.fetch)
  return {
    url: http.url,
    async close() {
      await relay.close()
      await http.close()
    },
  }
}

/** What is wrong with the first watch after a trouble, or with the first list; `lines` are what the watch would bring. */
function faultOf(trouble: Trouble, lines: readonly string[], afterEvents: number): Fault | undefined {
  const afterLines = Math.min(afterEvents, lines.length)
  const errorEvent = (code: number, reason: string, details: Status['details'] = {}): Fault => ({
    type: 'error-event',
    status: { code, reason, details, message: `injected: ${code}` },
    afterLines,
  })
  switch (trouble) {
    case 'torn': {
      const [whole = '', torn = ''] = lines
      return { type: 'stall', afterBytes: whole.length + (torn.length >> 1) }
    }
    case 'gone':
    case 'list refused':
      return { type: 'status', status: 410 }
    case 'malformed':
      return { type: 'line', text: 'this is no event', afterLines }
    case 'error 410':
      return errorEvent(410, 'Expired')
    case 'error 429':
      return errorEvent(429, 'TooManyRequests')
    case 'error 500':
      return errorEvent(500, 'InternalError')
    case 'error 504':
      return errorEvent(504, 'Timeout', { causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }] })
    default:
      return undefined
  }
}

/** Waits until informers have told of the marker at a version, and so of all that was before. */
async function told(watchers: readonly Watcher[], version: string): Promise<void> {
  const signal = AbortSignal.timeout(PATIENCE_MS)
  const behind = new Set(watchers)
  const each = watchers.map(async (watcher) => {
    await abortable(watcher.log.reached(version), signal)
    behind.delete(watcher)
  })
  await Promise.all(each).catch((cause) => {
    throw new Error(`no word of version ${version} from ${Array.from(behind, ({ name }) => name).join(', ')}`, { cause })
  })
}

/** Whether a request is the feed's watch: it may ask for a second of another one to learn whether it missed something. */
const isWatch = ({ url }: RequestRecord): boolean => url.includes('allowWatchBookmarks') && !url.includes('sendInitialEvents')

/** Whether a request asks for the whole state. */
const isFill = ({ verb, url }: RequestRecord): boolean => (verb === 'list' && !url.includes('limit=1')) || url.includes('sendInitialEvents')

/** Lets requests through, or makes them wait. */
class Gate {
  #opened: Promise<void> | undefined
  #open = () => {}

  close(): void {
    this.#opened = new Promise((resolve) => {
      this.#open = resolve
    })
  }
  open(): void {
    this.#open()
    this.#opened = undefined
  }
  readonly pass = (): Promise<void> | undefined => this.#opened
}
