// A sorted list with cheap insertion, removal and hiding.

/** The maximum length of a block: short enough that an insertion moves few items, long enough that a list has few blocks. */
const MAX_BLOCK = 512

/** A run of consecutive items. */
export interface Block<I> {
  /** Never empty while the block is in the list. */
  readonly items: I[]
  /** The number of items that are shown. */
  shown: number
}

/** The properties of an item that a {@link SortedList} maintains. */
export interface Listed<I> {
  /** The block of the item; undefined while the item is in no list. */
  block: Block<I> | undefined
  /** Whether the item is shown. */
  shown: boolean
}

/**
 * Items in order, some of them shown. Adding one to 200,000 takes about twenty comparisons; showing, hiding and removing take none. No
 * operation moves more items than a block has. No two items may compare as equal.
 */
export class SortedList<I extends Listed<I>> {
  readonly #compare: (a: I, b: I) => number
  readonly #blocks: Block<I>[] = []
  #shown = 0

  constructor(compare: (a: I, b: I) => number) {
    this.#compare = compare
  }

  /** The number of shown items. */
  get shown(): number {
    return this.#shown
  }

  /** Adds an item that is in no list, and shows it. */
  add(item: I): void {
    const isBehind = (other: I | undefined) => other !== undefined && this.#compare(other, item) > 0
    if (this.#blocks.length === 0) this.#blocks.push({ items: [], shown: 0 })
    const at = Math.min(
      this.#blocks.length - 1,
      firstIndex(this.#blocks, ({ items }) => isBehind(items.at(-1))),
    )
    const block = this.#blocks[at] as Block<I>
    block.items.splice(firstIndex(block.items, isBehind), 0, item)
    item.block = block
    this.show(item, true)
    if (block.items.length > MAX_BLOCK) this.#split(block, at)
  }

  /** Removes an item that is in the list. */
  delete(item: I): void {
    const { block } = item
    if (!block) return
    this.show(item, false)
    item.block = undefined
    block.items.splice(block.items.indexOf(item), 1)
    if (block.items.length < MAX_BLOCK / 4) this.#shrink(block)
  }

  /** Shows or hides an item that is in the list. */
  show(item: I, shown: boolean): void {
    if (!item.block || item.shown === shown) return
    const by = shown ? 1 : -1
    item.shown = shown
    item.block.shown += by
    this.#shown += by
  }

  /** Returns the shown items from one index up to, but excluding, another; fewer where the list ends. */
  slice(start: number, end: number): I[] {
    const found: I[] = []
    let first = 0
    for (const { items, shown } of this.#blocks) {
      if (first >= end) break
      if (shown > 0 && first + shown > start) {
        const own = shown === items.length ? items : items.filter((item) => item.shown)
        for (let i = Math.max(0, start - first); i < Math.min(shown, end - first); i++) found.push(own[i] as I)
      }
      first += shown
    }
    return found
  }

  #split(block: Block<I>, at: number): void {
    const half: Block<I> = { items: block.items.splice(block.items.length >> 1), shown: 0 }
    for (const item of half.items) {
      item.block = half
      if (item.shown) half.shown++
    }
    block.shown -= half.shown
    this.#blocks.splice(at + 1, 0, half)
  }

  /** Merges a block that has become small with the next one, unless that is large. */
  #shrink(block: Block<I>): void {
    const { items } = block
    const at = this.#blocks.indexOf(block)
    const next = this.#blocks[at + 1]
    if (items.length === 0) this.#blocks.splice(at, 1)
    else if (next && items.length + next.items.length <= MAX_BLOCK / 2) {
      for (const item of next.items) item.block = block
      items.push(...next.items)
      block.shown += next.shown
      this.#blocks.splice(at + 1, 1)
    }
  }
}

/** Lower bound: the first index where the predicate holds, or `items.length`. */
function firstIndex<I>(items: readonly I[], isTrue: (item: I) => boolean): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (isTrue(items[middle] as I)) high = middle
    else low = middle + 1
  }
  return low
}
