// The items of a work queue and their times, in columns.

/** The time of an item that is not queued, or not being processed. Not a small integer, so that engines store the columns unboxed. */
export const NEVER: number = Number.NEGATIVE_INFINITY

/** Below this number of items, each one is deleted at once. */
const SMALL = 1024
/** A larger table forgets its idle items when at most this share is in use. */
const LEAST_IN_USE = 1 / 8

/**
 * Gives each item a slot: its place in the columns. An item is in use while it is queued, being processed, or both.
 *
 * The columns replace one object per item, which cost the garbage collector as much as the queue itself. A large table keeps items that
 * are no longer in use until most of them are idle: deleting 100,000 keys from a `Map` one by one takes half as long as adding them. It keeps
 * none when none is in use.
 */
export class ItemTable<T> {
  readonly items: T[] = []
  /** When each item was queued; {@link NEVER} unless it is to be processed. */
  readonly addedAt: number[] = []
  /** When each item was taken; {@link NEVER} unless it is being processed. */
  readonly takenAt: number[] = []
  readonly #slots = new Map<T, number>()
  readonly #free: number[] = []
  #size = 0
  /** The slot after the one that was found last: items are often taken, finished and added again in the order in which they were added. */
  #next = 0

  /** The number of items in use. */
  get size(): number {
    return this.#size
  }

  /** Returns the slot of an item; undefined when it has none. */
  find(item: T): number | undefined {
    // Comparing one string with itself is much faster than looking it up.
    if (this.items[this.#next] === item) return this.#next++
    const slot = this.#slots.get(item)
    if (slot !== undefined) this.#next = slot + 1
    return slot
  }

  /** Returns the slot of an item that is in use from now on. The caller sets one of its times if both are {@link NEVER}. */
  use(item: T): number {
    const known = this.find(item)
    if (known !== undefined) {
      if (this.#isIdle(known)) this.#size++
      return known
    }
    const slot = this.#free.pop() ?? this.items.length
    this.items[slot] = item
    this.addedAt[slot] = NEVER
    this.takenAt[slot] = NEVER
    this.#slots.set(item, slot)
    this.#size++
    return slot
  }

  /** Notes that an item is no longer in use. Both of its times are {@link NEVER}. */
  release(slot: number): void {
    this.#size--
    const known = this.#slots.size
    if (this.#size === 0 && this.items.length > SMALL) this.#clear()
    else if (known <= SMALL) {
      this.#slots.delete(this.items[slot] as T)
      this.#forget(slot)
    } else if (this.#size <= known * LEAST_IN_USE) this.#forgetIdle()
  }

  #clear(): void {
    // Not another map: engines compile the field as a constant.
    this.#slots.clear()
    for (const column of [this.items, this.addedAt, this.takenAt, this.#free]) column.length = 0
  }

  #isIdle(slot: number): boolean {
    return this.addedAt[slot] === NEVER && this.takenAt[slot] === NEVER
  }

  #forgetIdle(): void {
    const used: number[] = []
    this.#slots.forEach((slot) => {
      if (this.#isIdle(slot)) this.#forget(slot)
      else used.push(slot)
    })
    this.#slots.clear()
    for (const slot of used) this.#slots.set(this.items[slot] as T, slot)
  }

  #forget(slot: number): void {
    this.items[slot] = undefined as T
    this.#free.push(slot)
  }
}
