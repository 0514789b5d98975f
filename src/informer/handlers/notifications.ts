import type { StoreChange } from '../../store/changes'

/** One change as an informer hands it out. */
export type InformerChange<T> = StoreChange<T> & {
  /** Whether it belongs to the first complete state, or to what there was when the listener came. */
  readonly isInInitialList: boolean
}

/** What waits for a listener: a change, or the word that all of the initial list has been handed out. */
export type Notification<T> = InformerChange<T> | { readonly type: 'synced' }

interface Waiting<T> {
  notification: Notification<T>
}

/** What waits for one listener, in the order in which it happened. */
export class Notifications<T> {
  readonly #maxLength: number
  readonly #waiting = new Set<Waiting<T>>()
  // Goes on from where it was, over what was added since: the first of a set cannot be found cheaply in another way.
  #next: Iterator<Waiting<T>> = this.#waiting.values()
  // Made when it is needed, and given up when nothing waits: most listeners are never behind.
  #lastOfKey: Map<string, Waiting<T>> | undefined
  #changes = 0

  /** @param maxLength with so many changes waiting, a change of an object that waits already is merged with the one that waits. */
  constructor(maxLength: number) {
    this.#maxLength = maxLength
  }

  /** How many changes wait. */
  get length(): number {
    return this.#changes
  }

  /** Whether a change of the object with this key waits. */
  has(key: string): boolean {
    return this.#index().has(key)
  }

  push(notification: Notification<T>): void {
    if (notification.type !== 'synced') {
      const { key } = notification.entry
      const last = this.length >= this.#maxLength ? this.#index().get(key) : undefined
      if (last && this.#merge(last, notification)) return
    }
    const waiting = { notification }
    this.#waiting.add(waiting)
    if (notification.type === 'synced') return
    this.#lastOfKey?.set(notification.entry.key, waiting)
    this.#changes++
  }

  /** Takes out what comes next; undefined when nothing waits. */
  shift(): Notification<T> | undefined {
    let next = this.#next.next()
    if (next.done) {
      // An iterator that has come to the end stays there.
      this.#next = this.#waiting.values()
      next = this.#next.next()
    }
    if (next.done) return undefined
    this.#remove(next.value)
    return next.value.notification
  }

  clear(): void {
    this.#waiting.clear()
    this.#lastOfKey = undefined
    this.#changes = 0
  }

  /** Makes one of two changes of an object. Returns false when they cannot be one. */
  #merge(waiting: Waiting<T>, change: InformerChange<T>): boolean {
    const { notification } = waiting
    // What was deleted and is there again is another object: the listener has to be told of both.
    if (notification.type === 'synced' || notification.type === 'deleted' || change.type === 'added') return false
    if (change.type === 'updated') {
      if (notification.type === 'added') waiting.notification = { ...notification, entry: change.entry }
      else waiting.notification = notification.type === 'updated' ? { ...change, previous: notification.previous } : change
    } else if (change.type === 'deleted') {
      if (notification.type === 'added') this.#remove(waiting)
      else waiting.notification = change
    }
    return true
  }

  #remove(waiting: Waiting<T>): void {
    this.#waiting.delete(waiting)
    const { notification } = waiting
    if (notification.type === 'synced') return
    this.#changes--
    const { key } = notification.entry
    if (this.#changes === 0) this.#lastOfKey = undefined
    else if (this.#lastOfKey?.get(key) === waiting) this.#lastOfKey.delete(key)
  }

  #index(): Map<string, Waiting<T>> {
    if (this.#lastOfKey) return this.#lastOfKey
    this.#lastOfKey = new Map()
    for (const waiting of this.#waiting) {
      if (waiting.notification.type !== 'synced') this.#lastOfKey.set(waiting.notification.entry.key, waiting)
    }
    return this.#lastOfKey
  }
}
