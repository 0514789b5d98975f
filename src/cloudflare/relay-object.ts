// A relay in a Durable Object: the root, which watches the API server, or a leaf, which watches the root.

import { isParseError, isPersistenceError } from '../api/errors'
import { KubeReader } from '../http/reader'
import { systemClock } from '../internal/clock'
import { Opaque } from '../internal/opaque'
import { report } from '../internal/report'
import { type DurableObjectSqlStorage, durableObjectDatabase } from '../persistence/sql/database'
import { logError } from '../reflector/problems'
import type { RelayEvent } from '../relay/events'
import { packOnArrival } from '../relay/packing'
import { createRelay, type Relay } from '../relay/relay'
import type { RelayOptions } from '../relay/relay-options'
import { unavailable } from '../watch-cache/failures'
import { statusResponse } from '../watch-cache/protocol'
import { addressed, type Part, partOf, type RelayNamespace, ROOT_NAME } from './parts'
import { sqlLogPersister } from './sql-log'

/** The used part of a Durable Object's `ctx`. Its class must use SQLite storage. */
export interface RelayObjectState {
  readonly storage: DurableObjectSqlStorage & {
    getAlarm(): Promise<number | null>
    setAlarm(time: number): Promise<void>
  }
}

/** Options of a {@link RelayObject}: those of a relay, whose caches are stored in the object. */
export interface RelayObjectOptions extends Omit<RelayOptions, 'persist' | 'source'> {
  /** The binding of the objects' own class, through which leaves reach the root. Without leaves it is not needed. */
  readonly objects?: RelayNamespace | undefined
  /** The plurals of sensitive resources to store: `['secrets']`. Default: none. */
  readonly sensitive?: readonly string[] | undefined
  /**
   * The most characters of texts of stored objects that are kept in memory, packed; a Latin-1 character takes one byte. Default 33,554,432
   * (32 MiB). Texts beyond it are read from the object's storage when they are needed. Beside them, each object takes about 500 bytes.
   */
  readonly residentBytes?: number | undefined
  /** The time without requests and watches after which the upstream watches are closed, in milliseconds; default 60,000. */
  readonly lingerMs?: number | undefined
}

const DEFAULT_LINGER_MS = 60_000
const DEFAULT_RESIDENT_LENGTH = 32 * 1024 * 1024
/** The time a request waits for the caches of an object that has just started, in milliseconds. Then it is passed on. */
const START_TIMEOUT_MS = 5000
/** One row for all changes of five seconds: rows written are the largest cost. */
const FLUSH_INTERVAL_MS = 5000
/** Each alarm refills the CPU time of an object whose only requests are watches. */
const ALARM_INTERVAL_MS = 10 * 60_000

/**
 * The base class of a Durable Object that is a relay. Its state is in the object's SQLite, so that an object that was evicted, or moved by an
 * update, resumes its watches without a list. Without clients it closes its watches, and is evicted.
 *
 * @example
 * ```ts
 * interface Env {
 *   readonly TOKEN: string
 *   readonly RELAY: RelayNamespace
 * }
 * export class KubeRelay extends RelayObject<Env> {
 *   readonly relayOptions = (env: Env) => ({
 *     client: { baseUrl: 'https://kubernetes.example.com', token: env.TOKEN },
 *     resources: [Pod, Deployment],
 *     objects: env.RELAY,
 *   })
 * }
 * ```
 */
export abstract class RelayObject<Env> extends Opaque {
  readonly #ctx: RelayObjectState
  readonly #env: Env
  #running: { readonly relay: Relay; readonly ready: Promise<void> } | undefined
  /** The number of requests and watches in progress. */
  #busy = 0
  #timer: unknown

  constructor(ctx: RelayObjectState, env: Env) {
    super()
    this.#ctx = ctx
    this.#env = env
  }

  /** Returns the options of the relay. Called when the object starts, and again after it was idle. */
  abstract readonly relayOptions: (env: Env) => RelayObjectOptions

  /** Answers a request that {@link relayWorker} has sent. */
  async fetch(request: Request): Promise<Response> {
    const { part, request: own } = partOf(request)
    this.#enter()
    try {
      this.#running ??= this.#start(part)
      const { relay, ready } = this.#running
      await ready
      return await (part === 'feed' ? relay.unreviewed(own) : relay.fetch(own))
    } catch (error) {
      if (!(isParseError(error) && isPersistenceError(error.cause))) throw error
      // A text could not be read. The next request starts again from the storage.
      return statusResponse(unavailable('the relay cannot read its storage'))
    } finally {
      this.#leave()
    }
  }

  /** Keeps the object running while it has watchers. */
  async alarm(): Promise<void> {
    if (this.#busy > 0) await this.#setAlarm()
  }

  #start(part: Part): { relay: Relay; ready: Promise<void> } {
    const { objects, sensitive, lingerMs: _, residentBytes = DEFAULT_RESIDENT_LENGTH, ...options } = this.relayOptions(this.#env)
    const { baseUrl } = options.client
    const root = part === 'leaf' && objects ? objects.get(objects.idFromName(ROOT_NAME)) : undefined
    const { onError = logError } = options
    const onLoss = (error: unknown) => {
      this.#stop()
      onError(error)
    }
    const to = sqlLogPersister(durableObjectDatabase(this.#ctx.storage), { residentBytes, onReadError: onLoss })
    const relay = createRelay({
      pack: packOnArrival(),
      ...options,
      ...(root
        ? { source: new KubeReader({ baseUrl, fetch: (request) => root.fetch(addressed(request, 'feed')) }) }
        : { persist: { to, sensitive, flushIntervalMs: FLUSH_INTERVAL_MS } }),
      onEvent: (event) => {
        this.#observe(event)
        options.onEvent?.(event)
      },
      onError: (error) => {
        // A younger instance has taken over the storage: clients go there when their watches end.
        if (isPersistenceError(error) && (error.code === 'fenced' || error.code === 'unavailable')) onLoss(error)
        else onError(error)
      },
    })
    const { clock = systemClock } = options
    const patience = new AbortController()
    const timer = clock.setTimeout(() => patience.abort(), START_TIMEOUT_MS)
    const ready = relay
      .whenSynced({ signal: patience.signal })
      .catch(() => undefined)
      .finally(() => clock.clearTimeout(timer))
    return { relay, ready }
  }

  #observe({ type }: RelayEvent): void {
    if (type === 'watch-opened') {
      this.#enter()
      void this.#setAlarm().catch(report)
    } else if (type === 'watch-ended') this.#leave()
  }

  async #setAlarm(): Promise<void> {
    const { storage } = this.#ctx
    if ((await storage.getAlarm()) === null) await storage.setAlarm(Date.now() + ALARM_INTERVAL_MS)
  }

  #enter(): void {
    this.#busy++
    this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #leave(): void {
    this.#busy--
    if (this.#busy > 0) return
    const { lingerMs = DEFAULT_LINGER_MS } = this.relayOptions(this.#env)
    this.#timer = this.#clock.setTimeout(() => this.#stop(), lingerMs)
  }

  /** Stores the last changes and closes the upstream watches. The next request starts again from the storage. */
  #stop(): void {
    const { relay } = this.#running ?? {}
    this.#running = undefined
    relay?.close().catch(report)
  }

  get #clock(): NonNullable<RelayOptions['clock']> {
    return this.relayOptions(this.#env).clock ?? systemClock
  }
}
