import { abortable } from '../internal/abortable'
import type { Clock } from '../internal/clock'
import { Opaque } from '../internal/opaque'
import { report } from '../internal/report'
import type { KubeObject } from '../meta/object'
import { RateLimitingQueue } from '../workqueue/rate-limiting-queue'
import {
  type ControllerRegistration,
  type ControllerSource,
  type ControllerWatch,
  enqueueFrom,
  type KeySource,
  keySourceOf,
} from './source'

/** What a reconciler may ask for when it has succeeded. */
export interface ReconcileResult {
  /** Reconcile the key again after so many milliseconds (0: at once), unless a change makes it happen before. */
  requeueAfterMs?: number | undefined
}

/**
 * Makes the world as one object wants it. It is told the object's key and nothing of what has changed: it reads what there is, and works
 * whatever came before. The object may be gone.
 *
 * The signal is aborted when the controller is to end; the controller waits for reconcilers to return. One that throws is called again for
 * the key, later and later; one that gives up returns.
 */
export type Reconcile = (key: string, context: { signal: AbortSignal }) => Promise<ReconcileResult | undefined> | Promise<void>

/** What a {@link Controller} is made of. `W` lists the object types of `watches`; it is inferred. */
export interface ControllerOptions<W extends readonly KubeObject[] = readonly []> {
  /** The objects to reconcile: every one of them when the controller starts, and each one that changes. */
  informer: ControllerSource<KubeObject>
  /** Called with a key (`namespace/name`, or `name` for cluster-scoped objects), never for one key twice at a time. */
  reconcile: Reconcile
  /** How many keys are reconciled at a time; default 1. */
  concurrency?: number | undefined
  /** Other objects, and whose keys each of them concerns: {@link ownerKeys}, an index, or any function of the object. Default none. */
  watches?: { readonly [I in keyof W]: ControllerWatch<W[I]> } | undefined
  /** The keys to reconcile, for a rate limiter of one's own or keys of another origin. Shut down when the controller ends. Default a new queue. */
  queue?: RateLimitingQueue<string> | undefined
  /**
   * Told of what a reconciler threw, before the key is to be tried again. `retries` is how often that has happened to the key since it last
   * succeeded: 0 the first time. Default: reported as the runtime reports uncaught errors.
   */
  onError?: ((key: string, error: unknown, retries: number) => void) | undefined
  /** The time of the default queue; default the runtime's clock. */
  clock?: Clock | undefined
}

/**
 * Calls a reconciler for every object of an informer, at first and whenever something happens that concerns the object. What happens while
 * its key waits is one call; what happens while it is being reconciled is one more afterwards; what fails is tried again, later and later.
 * It never starts its informers: several controllers may share one.
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
  /** The keys to reconcile. Its `stats` are the controller's; a key added here is reconciled too. */
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
    // A watch's keys are asked of its own informer's objects only.
    this.#sources = [
      { informer, keysOf: ({ key }) => [key] },
      ...((watches ?? []) as readonly ControllerWatch<KubeObject>[]).map(keySourceOf),
    ]
    this.#onError = onError
  }

  /**
   * Reconciles until the signal is aborted. Nothing is reconciled before all informers have synced and the keys of what they have are in
   * line. On abort no key is taken any more, the reconcilers that run are told by their signal, and the promise resolves when they have
   * returned. What they throw because of the abort is no error. Shutting the queue down ends the controller too, after the keys in line.
   *
   * @throws Error when called twice; what an informer throws or rejects with that was stopped before it had synced.
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
      // A queue that was shut down still hands out its line.
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

/** Whether an error says no more than that the signal was aborted. */
function isAbort(error: unknown, signal: AbortSignal): boolean {
  return error === signal.reason || (error instanceof Error && error.name === 'AbortError')
}
