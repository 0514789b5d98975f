// The status strip of a feed.
import { isApiError, isConnectionError, isWatchError, type PersistenceStatus, type ReflectorState, type SyncSource } from 'kubeflect'
import type { Feed } from './feeds.ts'
import { formatBytes, formatCount } from './format.ts'
import { byId, write } from './page.ts'
import { TabsStatus } from './tabs.ts'

const states: Record<ReflectorState, string> = {
  idle: 'Connecting',
  connecting: 'Connecting',
  live: 'Live',
  polling: 'Polling',
  stale: 'Stale',
  backoff: 'Backing off',
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

const FIELDS = ['source', 'resource-version', 'objects', 'events', 'bytes', 'requests', 'lists', 'storage']

/** Shows the state of a feed, as text for users and as attributes of `main` for tests. */
export class Strip {
  readonly #main: HTMLElement
  readonly #notice = byId('notice', HTMLElement)
  readonly #fields = new Map<string, HTMLElement>()
  readonly #tabs: TabsStatus

  constructor(main: HTMLElement) {
    this.#main = main
    this.#tabs = new TabsStatus(main)
  }

  /** Draws the current state. */
  update(feed: Feed, now: number): void {
    const { informer, traffic } = feed
    const { indexer } = informer
    const { state, source } = informer.status
    const isCatchingUp = indexer.size > 0 && (state === 'connecting' || state === 'idle')
    Object.assign(this.#main.dataset, {
      state,
      source: source ?? '',
      rows: String(indexer.size),
      resourceVersion: indexer.resourceVersion,
      lists: String(traffic.lists),
    })
    this.#tabs.update(informer)
    this.#write('state', isCatchingUp ? 'Catching up' : states[state])
    this.#write('source', source ? sources[source] : '–')
    this.#write('resource-version', indexer.resourceVersion || '–')
    this.#write('objects', formatCount(indexer.size))
    this.#write('events', `${traffic.eventsPerSecond(now).toFixed(1)} /s`)
    this.#write('bytes', formatBytes(traffic.bytes))
    this.#write('requests', formatCount(traffic.requests))
    this.#write('lists', formatCount(traffic.lists))
    this.#write('storage', informer.persistence ? storage[informer.persistence.status] : 'never stored')
    this.#tell([feedTrouble(feed, now), storageTrouble(feed)].filter(Boolean).join(' '))
  }

  /** Shows that there is no feed, with the reason. */
  clear(reason: string): void {
    Object.assign(this.#main.dataset, { state: 'idle', source: '', rows: '0', resourceVersion: '', lists: '0' })
    this.#write('state', reason ? 'No feed' : 'Connecting')
    for (const id of FIELDS) this.#write(id, '–')
    this.#tell(reason)
  }

  #tell(trouble: string): void {
    write(this.#notice, trouble)
    this.#notice.hidden = trouble === ''
  }

  #write(id: string, text: string): void {
    const field = this.#fields.get(id) ?? byId(id, HTMLElement)
    this.#fields.set(id, field)
    write(field, text)
  }
}

function feedTrouble({ informer, retryAt, selection }: Feed, now: number): string {
  const { state, error } = informer.status
  if (error === undefined) return ''
  const seconds = Math.ceil(((retryAt(error) ?? now) - now) / 1000)
  const isAsking = state === 'connecting' || seconds <= 0
  return `${describe(state, error, selection.resource.plural)} ${isAsking ? 'Asking again …' : `Asking again in ${seconds} s.`}`
}

function storageTrouble({ informer, selection }: Feed): string {
  const { status, error } = informer.persistence ?? {}
  if (status === 'fenced') return `Another tab stores these ${selection.resource.plural} now; this one continues from memory.`
  return status === 'failed' ? `The objects are not stored: ${messageOf(error)}.` : ''
}

function describe(state: ReflectorState, error: unknown, plural: string): string {
  const said = isApiError(error) ? (error.body?.message ?? error.message) : messageOf(error)
  if (state === 'denied') return `The server does not let you read these ${plural}: ${said}.`
  if (state === 'gone') return `The server has no ${plural}: ${said}.`
  if (isConnectionError(error)) return 'The connection to the server broke.'
  if (isWatchError(error)) return `The server ended the watch: ${said}.`
  return `Something went wrong: ${said}.`
}

/** Returns the message of an error without a full stop. */
export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '')
}
