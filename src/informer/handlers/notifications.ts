// The backlog of one listener.

import type { StoreChange } from '../../store/changes'

/** A change as an informer delivers it. */
export type InformerChange<T> = StoreChange<T> & {
  /** Whether the change belongs to the first complete state, or to the objects present when the listener was added. */
  readonly isInInitialList: boolean
}

/** An item of a backlog: a change, or the marker after the initial list. */
export type Notification<T> = InformerChange<T> | { readonly type: 'synced' }

interface Waiting<T> {
  notification: Notification<T>
}

/** The backlog of one listener, in order. Merges changes of one object beyond a maximum length. */
export class Notifications<T> {
  readonly #maxLength: number
  readonly #waiting = new Set<Waiting<T>>()
  // An iterator that is kept between calls, because finding the first element of a set that had deletions is slow.
  #next: Iterator<Waiting<T>> = this.#waiting.values()
  // Created on demand and dropped when the backlog is empty: most listeners are never behind.
  #lastOfKey: Map<string, Waiting<T>> | undefined
  #changes = 0

  /** @param maxLength the number of waiting changes from which a new change is merged with the waiting change of the same object. */
  constructor(maxLength: number) {
    this.#maxLength = maxLength
  }

  /** The number of waiting changes. */
  get length(): number {
    return this.#changes
  }

  /** Whether a change of the object with this key is waiting. */
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

  /** Removes and returns the first item; undefined when the backlog is empty. */
  shift(): Notification<T> | undefined {
    let next = this.#next.next()
    if (next.done) {
      // An exhausted iterator does not continue with items that are added later.
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

  /** Merges two changes of an object into one. Returns false when that is impossible. */
  #merge(waiting: Waiting<T>, change: InformerChange<T>): boolean {
    const { notification } = waiting
    // An object that was deleted and created again is another object, so the listener must receive both changes.
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
