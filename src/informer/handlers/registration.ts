// Calls one handler with the changes in its backlog.

import { abortable } from '../../internal/abortable'
import { Opaque } from '../../internal/opaque'
import { Slices } from '../../internal/turn'
import type { WaitOptions } from '../wait'
import type { ChangeHandler, EventHandler, HandlerOptions, HandlerRegistration } from './handler'
import type { InformerChange } from './notifications'
import type { Processor, Subscription } from './processor'

/** The surroundings of a {@link Registration}, provided by its informer. */
export interface RegistrationDeps<T> {
  readonly processor: Processor<T>
  /** Reports the errors that a handler throws. */
  report(error: unknown): void
}

/** Calls one handler, change after change, never from within a step of the store. */
export class Registration<T> extends Opaque implements HandlerRegistration {
  readonly #deps: RegistrationDeps<T>
  readonly #handler: EventHandler<T> | ChangeHandler<T>
  readonly #subscription: Subscription<T>
  readonly #waiters = new Set<() => void>()
  #state: 'waiting' | 'synced' | 'ended' = 'waiting'
  #draining = false

  /** @throws as {@link Processor.subscribe}. */
  constructor(deps: RegistrationDeps<T>, handler: EventHandler<T> | ChangeHandler<T>, options: HandlerOptions) {
    super()
    this.#deps = deps
    this.#handler = handler
    this.#subscription = deps.processor.subscribe({
      ...options,
      onWork: () => this.#start(),
      onEnd: () => this.#settle('ended'),
    })
  }

  get hasSynced(): boolean {
    return this.#state === 'synced'
  }

  get backlog(): number {
    return this.#subscription.waiting.length
  }

  whenSynced({ signal }: WaitOptions = {}): Promise<void> {
    const settled = new Promise<void>((resolve, reject) => {
      const look = () => {
        if (this.#state === 'synced') resolve()
        else reject(new Error('the handler or its informer was closed before it had synced'))
      }
      if (this.#state === 'waiting') this.#waiters.add(look)
      else look()
    })
    return abortable(settled, signal)
  }

  close(): void {
    this.#deps.processor.unsubscribe(this.#subscription)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #start(): void {
    if (this.#draining) return
    this.#draining = true
    queueMicrotask(() => void this.#drain())
  }

  async #drain(): Promise<void> {
    const subscription = this.#subscription
    const slices = new Slices()
    for (let next = subscription.shift(); next; next = subscription.shift()) {
      if (next.type === 'synced') this.#settle('synced')
      else await this.#deliver(next)
      if (slices.isSpent) await slices.pause()
    }
    this.#draining = false
  }

  async #deliver(change: InformerChange<T>): Promise<void> {
    try {
      await this.#call(change)
    } catch (error) {
      this.#deps.report(error)
    }
  }

  #call(change: InformerChange<T>): unknown {
    const handler = this.#handler
    if ('onChange' in handler) return handler.onChange(change)
    const { type, entry, isInInitialList } = change
    if (type === 'added') return handler.onAdd?.(entry.object, { isInInitialList })
    if (type === 'deleted') return handler.onDelete?.(entry.object)
    if (!handler.onUpdate) return undefined
    const { object } = entry
    return handler.onUpdate(type === 'updated' ? change.previous.object : object, object)
  }

  #settle(state: 'synced' | 'ended'): void {
    if (this.#state !== 'waiting') return
    this.#state = state
    for (const waiter of this.#waiters) waiter()
    this.#waiters.clear()
  }
}
