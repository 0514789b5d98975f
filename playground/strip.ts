import { isApiError, isConnectionError, isWatchError, type PersistenceStatus, type ReflectorState, type SyncSource } from 'kubeflect'
import type { Feed } from './feed.ts'
import { byId, formatCount, write } from './page.ts'

const states: Record<ReflectorState, string> = {
  idle: 'Starting',
  connecting: 'Connecting',
  live: 'Live',
  stale: 'Stale',
  backoff: 'Waiting',
  denied: 'Denied',
  gone: 'Gone',
  stopped: 'Stopped',
}

const sources: Record<SyncSource, string> = { persisted: 'persisted', list: 'list', stream: 'streamed list' }

const storage: Record<PersistenceStatus, string> = {
  loading: 'loading',
  active: 'saving',
  fenced: 'in another tab',
  failed: 'failed',
  stopped: 'off',
}

/** Says how a feed is doing, in words for people and in attributes of `main` for tests. */
export class Strip {
  readonly #feed: Feed
  readonly #main: HTMLElement
  readonly #notice = byId('notice', HTMLElement)
  readonly #fields = new Map<string, HTMLElement>()

  constructor(main: HTMLElement, feed: Feed) {
    this.#main = main
    this.#feed = feed
  }

  /** Draws what is known now. */
  update(now: number): void {
    const { reflector, store, traffic, persistence } = this.#feed
    const { state, source } = reflector.status
    Object.assign(this.#main.dataset, {
      state,
      source: source ?? '',
      rows: String(store.size),
      resourceVersion: store.resourceVersion,
      lists: String(traffic.lists),
    })
    this.#write('state', states[state])
    this.#write('source', source ? sources[source] : '–')
    this.#write('resource-version', store.resourceVersion || '–')
    this.#write('objects', formatCount(store.size))
    this.#write('events', `${traffic.eventsPerSecond(now).toFixed(1)} /s`)
    this.#write('bytes', formatBytes(traffic.bytes))
    this.#write('requests', formatCount(traffic.requests))
    this.#write('lists', formatCount(traffic.lists))
    this.#write('storage', storage[persistence.status])
    const trouble = [this.#feedTrouble(now), this.#storageTrouble()].filter(Boolean).join(' ')
    write(this.#notice, trouble)
    this.#notice.hidden = trouble === ''
  }

  #write(id: string, text: string): void {
    const field = this.#fields.get(id) ?? byId(id, HTMLElement)
    this.#fields.set(id, field)
    write(field, text)
  }

  #feedTrouble(now: number): string {
    const { state, error } = this.#feed.reflector.status
    if (error === undefined) return ''
    const { retryAt } = this.#feed.traffic
    const seconds = Math.ceil((retryAt - now) / 1000)
    const next = retryAt === 0 ? 'Asking again …' : seconds > 0 ? `Asking again in ${seconds} s.` : ''
    return `${describe(state, error)} ${next}`
  }

  #storageTrouble(): string {
    const { status, error } = this.#feed.persistence
    if (status === 'fenced') return 'Another tab stores these pods now; this one goes on from memory.'
    return status === 'failed' ? `What is shown is not stored: ${messageOf(error)}.` : ''
  }
}

function describe(state: ReflectorState, error: unknown): string {
  const said = isApiError(error) ? (error.body?.message ?? error.message) : messageOf(error)
  if (state === 'denied') return `The server does not let you read these pods: ${said}.`
  if (state === 'gone') return `The server has no such collection: ${said}.`
  if (isConnectionError(error)) return 'The connection to the server broke.'
  if (isWatchError(error)) return `The server ended the watch: ${said}.`
  return `Something went wrong: ${said}.`
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '')
}

function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(1)} kB`
  return `${(bytes / 1_000_000).toFixed(1)} MB`
}
