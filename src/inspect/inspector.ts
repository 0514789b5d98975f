// Collects what the feeds of a page do, as plain data.

import type { KubeObject } from '../api/object'
import type { Fetch } from '../http/sender'
import type { InformerEvent } from '../informer/events'
import type { InformerIdentity } from '../informer/factory'
import type { SharedInformer } from '../informer/shared-informer'
import { systemClock } from '../internal/clock'
import { Listeners } from '../internal/listeners'
import { once, together } from '../internal/once'
import { Opaque } from '../internal/opaque'
import { redact } from '../internal/redact'
import type { Seams } from '../internal/seams'
import { Slices } from '../internal/turn'
import type { FeedInspector, InspectableFeed } from '../live/inspect'
import type { Readable } from '../view/readable'
import { type InspectedChange, inspectedChange } from './changes'
import { describeEvent } from './describe'
import { FeedRecord, feedName, type InspectedFeed } from './feed-record'
import { type InspectorReport, reportOf } from './report'
import { Ring } from './ring'
import type { InspectedEvent, InspectorSnapshot } from './snapshot'
import { Traffic } from './traffic'

/** Options of {@link createInspector}. */
export interface InspectorOptions extends Pick<Seams, 'clock'> {
  /** The most lines of the log that are kept, of all feeds together; default 2,000. */
  maxEvents?: number | undefined
  /** The most changes that are kept with their texts, of all feeds together; default 200. */
  maxChanges?: number | undefined
  /** Sends the requests of {@link Inspector.fetch}; default the runtime's `fetch`. */
  fetch?: Fetch | undefined
  /** The storage that {@link Inspector.forget} clears. */
  persister?: { clear(): Promise<void> } | undefined
}

/** The shortest time between two notifications, in milliseconds. */
const NOTIFY_MS = 500
/** Feeds that are remembered after they have ended. */
const MAX_FEEDS = 100

/**
 * Collects the events, figures and changes of informers, for {@link defineDevtools} or for tools of your own. Everything that it keeps is bounded. Made
 * by {@link createInspector}.
 */
export class Inspector extends Opaque implements Readable<InspectorSnapshot>, FeedInspector {
  readonly #options: InspectorOptions
  readonly #clock
  readonly #names = new WeakMap<InformerIdentity, string>()
  readonly #records = new Map<string, FeedRecord>()
  readonly #log: Ring<InspectedEvent>
  readonly #changes: Ring<InspectedChange>
  readonly #traffic: Traffic
  readonly #snapshots = new Listeners<InspectorSnapshot>()
  #snapshot: InspectorSnapshot | undefined
  readonly #notifySoon: () => void
  #heard = 0

  /** @throws RangeError for a bound that is not a positive integer. */
  constructor(options: InspectorOptions = {}) {
    super()
    const { clock = systemClock, maxEvents = 2_000, maxChanges = 200, fetch = (request: Request) => globalThis.fetch(request) } = options
    for (const [name, bound] of Object.entries({ maxEvents, maxChanges }))
      if (!Number.isSafeInteger(bound) || bound < 1) throw new RangeError(`createInspector: ${name} is a positive integer, got ${bound}`)
    this.#options = options
    this.#clock = clock
    this.#log = new Ring(maxEvents)
    this.#changes = new Ring(maxChanges)
    this.#notifySoon = together(
      (work) => void clock.setTimeout(work, NOTIFY_MS),
      () => {
        this.#snapshot = undefined
        if (this.#heard > 0) this.#snapshots.notify(this.snapshot)
      },
    )
    this.#traffic = new Traffic(fetch, clock, () => this.#changed())
  }

  /** The present state; the same object until listeners are notified, which is at most twice a second. */
  get snapshot(): InspectorSnapshot {
    this.#snapshot ??= this.#made()
    return this.#snapshot
  }

  /** Calls back after changes, at most twice a second. Returns the function that ends it. Bound. */
  readonly subscribe = (listener: (snapshot: InspectorSnapshot) => void): (() => void) => {
    const leave = this.#snapshots.add(listener)
    if (++this.#heard === 1) this.#snapshot = undefined
    return once(() => {
      leave()
      this.#heard--
    })
  }

  /** Sends a request and counts it: `new KubeClient({ baseUrl, fetch: inspector.fetch })`. Bound. */
  readonly fetch: Fetch = (request) => this.#traffic.send(request)

  /**
   * Returns an `onEvent` option for an informer, a reflector or a factory.
   *
   * @param name the feed's name. Events of one name are counted together.
   */
  tap(name: string): (event: InformerEvent) => void {
    return (event) => this.#take(name, event)
  }

  /**
   * Follows an informer: its status, its objects, its parses and its last changes. Give it {@link tap} of the same name as `onEvent` for the rest.
   *
   * @returns the function that ends it. The figures stay.
   * @example
   * ```ts
   * const inspector = createInspector()
   * const pods = createInformer(client, Pod, { onEvent: inspector.tap('pods') })
   * const stop = inspector.add('pods', pods)
   * ```
   */
  add<T extends KubeObject>(name: string, informer: SharedInformer<T>): () => void {
    const record = this.#recordOf(name)
    record.informer = informer as unknown as SharedInformer<KubeObject>
    const stops = [
      informer.subscribe(() => this.#changed()),
      informer.indexer.onParse(() => record.parsed()),
      informer.indexer.subscribe(({ type, changes }) => {
        this.#changed()
        // The first state is not a change.
        if (type === 'replace' && changes.every((change) => change.type === 'added')) return
        const time = this.#clock.now()
        for (const change of changes) {
          if (change.type !== 'resynced')
            this.#changes.push(inspectedChange(change, { feed: name, time, key: informer.indexer.keyOf(change.entry) }))
        }
      }),
    ]
    this.#changed()
    return once(() => {
      for (const stop of stops) stop()
      this.#changed()
    })
  }

  /** Called by `createLive` with the events of its feeds. */
  onEvent(event: InformerEvent, identity: InformerIdentity): void {
    this.#take(this.#nameOf(identity), event)
  }

  /** Called by `createLive` when a feed starts. */
  onFeed({ identity, informer, users }: InspectableFeed): () => void {
    const name = this.#nameOf(identity)
    this.#recordOf(name).users = users
    return this.add(name, informer)
  }

  /** Sums up the lengths of the texts of a feed's objects, in slices of 8 ms; see {@link InspectedFeed.characters}. No-op for an unknown feed. */
  async measure(name: string): Promise<void> {
    const record = this.#records.get(name)
    const slices = new Slices()
    let sum = 0
    for (const { text } of record?.informer?.indexer.list() ?? []) {
      sum += text.length
      if (slices.isSpent) await slices.pause()
    }
    if (record) record.characters = sum
    this.#changed()
  }

  /** Ends every open response of {@link fetch}, and fails its requests until {@link restore}. */
  cut(): void {
    this.#traffic.cut()
  }

  /** Ends a {@link cut}, and lets every feed connect at once. */
  restore(): void {
    this.#traffic.restore()
    for (const { informer } of this.#records.values()) informer?.reconnect()
  }

  /**
   * Clears the storage that the inspector was given. Informers that store there stop storing. No-op without one.
   *
   * @throws PersistenceError when the storage fails.
   */
  async forget(): Promise<void> {
    await this.#options.persister?.clear()
    this.#changed()
  }

  /** Returns what helps with a bug, as JSON: no objects, no values of fields, no credentials. */
  report(): InspectorReport {
    return reportOf(this.#made(), this.#clock.now())
  }

  #take(name: string, event: InformerEvent): void {
    this.#recordOf(name).take(event, this.#clock)
    const text = describeEvent(event, messageOf)
    if (text !== undefined) this.#log.push({ feed: name, time: this.#clock.now(), type: event.type, text })
    this.#changed()
  }

  #nameOf(identity: InformerIdentity): string {
    let name = this.#names.get(identity)
    if (name === undefined) {
      name = feedName(identity)
      this.#names.set(identity, name)
    }
    return name
  }

  #recordOf(name: string): FeedRecord {
    let record = this.#records.get(name)
    if (record) return record
    if (this.#records.size >= MAX_FEEDS) {
      const ended = [...this.#records.values()].find(({ informer }) => !informer || informer.status.state === 'stopped')
      if (ended) this.#records.delete(ended.name)
    }
    record = new FeedRecord(name)
    this.#records.set(name, record)
    return record
  }

  #changed(): void {
    if (this.#heard === 0) this.#snapshot = undefined
    else this.#notifySoon()
  }

  #made(): InspectorSnapshot {
    const now = this.#clock.now()
    const feeds = Array.from(this.#records.values(), (record) => record.snapshot(now, messageOf))
    return {
      feeds: feeds.sort((a, b) => troubleOf(b) - troubleOf(a)),
      log: this.#log.items(),
      changes: this.#changes.items(),
      requests: this.#traffic.counts,
    }
  }
}

/** Feeds that need attention come first; those without trouble keep their order. */
function troubleOf({ state, isStale, error }: InspectedFeed): number {
  if (state === 'denied' || state === 'gone') return 3
  if (isStale || state === 'stale') return 2
  return error === undefined ? 0 : 1
}

function messageOf(error: unknown): string {
  return redact(error instanceof Error ? error.message : String(error)).slice(0, 500)
}

/**
 * Makes an inspector for what a page keeps up to date.
 *
 * @throws RangeError for a bound that is not a positive integer.
 * @example
 * ```ts
 * const inspector = createInspector()
 * const live = createLive(new KubeClient({ baseUrl: '/k8s', fetch: inspector.fetch }), { inspector })
 * ```
 */
export function createInspector(options?: InspectorOptions): Inspector {
  return new Inspector(options)
}
