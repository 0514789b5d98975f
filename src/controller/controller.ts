// Controllers: call a reconciler for every object that changes.

import type { KubeObject } from '../api/object'
import { abortable } from '../internal/abortable'
import { Opaque } from '../internal/opaque'
import { report } from '../internal/report'
import type { Seams } from '../internal/seams'
import { RateLimitingQueue } from '../workqueue/rate-limiting-queue'
import {
  type ControllerRegistration,
  type ControllerSource,
  type ControllerWatch,
  enqueueFrom,
  type KeySource,
  keySourceOf,
} from './source'

/** The optional result of a successful reconciliation. */
export interface ReconcileResult {
  /** Reconcile the key again after this many milliseconds (0: at once), unless a change triggers it earlier. */
  requeueAfterMs?: number | undefined
}

/**
 * Brings the cluster to the state that one object asks for. Receives the object's key, not the change: it reads the current state, whatever
 * happened before. The object may have been deleted.
 *
 * The signal is aborted when the controller ends; the controller waits for running reconcilers to return. A reconciler that throws is
 * retried with a growing delay; to give up, return.
 */
export type Reconcile = (key: string, context: { signal: AbortSignal }) => Promise<ReconcileResult | undefined> | Promise<void>

/** Options of a {@link Controller}. `W` lists the object types of `watches`; it is inferred. */
export interface ControllerOptions<W extends readonly KubeObject[] = readonly []> extends Pick<Seams, 'clock'> {
  /** The objects to reconcile: all of them at the start, then each one that changes. */
  informer: ControllerSource<KubeObject>
  /** Called with a key (`namespace/name`, or `name` for cluster-scoped objects), never twice at a time for one key. */
  reconcile: Reconcile
  /** The maximum number of concurrent reconciliations; default 1. */
  concurrency?: number | undefined
  /**
   * Related objects, and how each maps to the keys it affects: {@link ownerKeys}, an index, or any function of the object. Default none.
   */
  watches?: { readonly [I in keyof W]: ControllerWatch<W[I]> } | undefined
  /**
   * The queue of keys, for a custom rate limiter or for keys from other sources. The controller shuts it down at the end. Default: a new
   * queue.
   */
  queue?: RateLimitingQueue<string> | undefined
  /**
   * Called with the error of a reconciler, before the key is retried. `retries` is the number of earlier failures since the key last
   * succeeded, 0 for the first. Default: reports the error like an uncaught one.
   */
  onError?: ((key: string, error: unknown, retries: number) => void) | undefined
}

/**
 * Calls a reconciler for every object of an informer, initially and after every change that affects the object. Changes are combined while
 * a key is queued. A change during a reconciliation triggers one more afterwards. A failed reconciliation is retried with a growing delay.
 * Never starts its informers, so that several controllers may share one.
 *
 * @example
 * ```ts
 * const controller = new Controller({
 *   informer: widgets,
 *   watches: [{ informer: pods, keys: ownerKeys(Widget) }],
 *   reconcile: async (key, { signal }) => {
 *     const widget = widgets.lister.get(key)?.object
 *     if (widget) await createMissingPods(widget, { signal })
 *   },
 * })
 * await controller.run({ signal })
 * ```
 * @see client-go's workqueue example and sample-controller; controller-runtime `controller.Controller`
 */
export class Controller<const W extends readonly KubeObject[] = readonly []> extends Opaque {
  /** The queue of keys. Its `stats` are the controller's metrics; a key added to it is reconciled too. */
  readonly queue: RateLimitingQueue<string>
  readonly #reconcile: Reconcile
  readonly #concurrency: number
  readonly #sources: readonly KeySource<KubeObject>[]
  readonly #onError: (key: string, error: unknown, retries: number) => void
  #started = false

  /** @throws RangeError when `concurrency` is not a positive integer. */
  constructor({
    informer,
    reconcile,
    concurrency = 1,
    watches,
    queue,
    onError = (_key, error) => report(error),
    clock,
  }: ControllerOptions<W>) {
    super()
    if (!(Number.isInteger(concurrency) && concurrency > 0)) {
      throw new RangeError(`Controller: concurrency must be a positive integer, not ${concurrency}`)
    }
    this.queue = queue ?? new RateLimitingQueue({ clock })
    this.#reconcile = reconcile
    this.#concurrency = concurrency
    // The types of `watches` ensure that `keys` receives only objects of its own informer.
    this.#sources = [
      { informer, keysOf: ({ key }) => [key] },
      ...((watches ?? []) as readonly ControllerWatch<KubeObject>[]).map(keySourceOf),
    ]
    this.#onError = onError
  }

  /**
   * Reconciles until the signal is aborted. Starts once all informers have synced and the keys of their objects are queued. On abort, takes
   * no more keys, aborts the signal of running reconcilers, and resolves when they have returned; their abort errors are ignored. Shutting
   * down the queue also ends the controller, after the queued keys.
   *
   * @throws Error when called twice, or when an informer is stopped before it has synced.
   */
  async run({ signal = new AbortController().signal }: { signal?: AbortSignal } = {}): Promise<void> {
    if (this.#started) throw new Error('Controller.run was called twice: make another Controller')
    this.#started = true
    const shutDown = () => this.queue.shutDown()
    const registrations: ControllerRegistration[] = []
    signal.addEventListener('abort', shutDown)
    try {
      signal.throwIfAborted()
      for (const source of this.#sources) registrations.push(enqueueFrom(source, (key) => this.queue.add(key)))
      await abortable(Promise.all(registrations.map((registration) => registration.whenSynced({ signal }))), signal)
      await Promise.all(Array.from({ length: this.#concurrency }, () => this.#work(signal)))
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      signal.removeEventListener('abort', shutDown)
      for (const registration of registrations) registration.close()
      shutDown()
    }
  }

  async #work(signal: AbortSignal): Promise<void> {
    for await (const key of this.queue) {
      // A queue that is shut down still delivers its queued keys.
      if (signal.aborted) return
      try {
        const result = await this.#reconcile(key, { signal })
        if (result?.requeueAfterMs !== undefined) this.queue.addAfter(key, result.requeueAfterMs)
        this.queue.forget(key)
      } catch (error) {
        if (signal.aborted && isAbort(error, signal)) return
        this.#failed(key, error)
      }
    }
  }

  #failed(key: string, error: unknown): void {
    try {
      this.#onError(key, error, this.queue.numRequeues(key))
    } catch (thrown) {
      report(thrown)
    }
    this.queue.addRateLimited(key)
  }
}

/** Whether an error only states that the signal was aborted. */
function isAbort(error: unknown, signal: AbortSignal): boolean {
  return error === signal.reason || (error instanceof Error && error.name === 'AbortError')
}
