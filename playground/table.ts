// Draws the table with virtual scrolling.
import { elementScroll, observeElementOffset, observeElementRect, Virtualizer, type VirtualizerOptions } from '@tanstack/virtual-core'
import type { Cell, Column } from './columns.ts'
import { formatAge } from './format.ts'
import { create, write } from './page.ts'
import type { Order, Row, RowList } from './row-list.ts'

// The heights of rows in style.css and folded.css, in pixels.
const ROW_HEIGHT = 32
const FOLDED_ROW_HEIGHT = 52
/** The width up to which each row takes two lines: no room for every column, and for whole names. In pixels. */
const FOLD_WIDTH = 780

/** A row on the screen with its content. */
interface Line {
  readonly element: HTMLTableRowElement
  readonly cells: readonly HTMLElement[]
  row: Row | undefined
}

/** Draws the visible rows of a list, and updates only what changed. */
export class ResourceTable {
  readonly #table: HTMLTableElement
  readonly #now: () => number
  readonly #body: HTMLTableSectionElement
  readonly #virtualizer: Virtualizer<HTMLElement, HTMLElement>
  readonly #above = spacer()
  readonly #below = spacer()
  #isFolded = false
  #rows: RowList | undefined
  #lines = new Map<string, Line>()
  /** The keys of rows that flash at the next drawing. */
  readonly #flashes = new Set<string>()

  /**
   * @param onOpen called when a row or the button with its name is clicked.
   * @param now returns the time at which ages are measured, in milliseconds since the epoch.
   * @throws TypeError when the table has no tbody.
   */
  constructor(table: HTMLTableElement, { onOpen, now }: { onOpen: (key: string) => void; now: () => number }) {
    const [body] = table.tBodies
    if (!body) throw new TypeError('ResourceTable: the table has no tbody')
    this.#table = table
    this.#now = now
    this.#body = body
    body.append(this.#above, this.#below)
    // Remove a finished flash, so that it does not restart when the row moves.
    body.addEventListener('animationend', ({ target }) => {
      if (target instanceof HTMLElement) delete target.dataset.flash
    })
    body.addEventListener('click', ({ target }) => {
      const key = target instanceof Element ? target.closest<HTMLElement>('tr[data-key]')?.dataset.key : undefined
      // Do not open the object when the user selects text to copy.
      if (key !== undefined && getSelection()?.isCollapsed !== false) onOpen(key)
    })
    this.#virtualizer = new Virtualizer(this.#options())
    this.#virtualizer._didMount()
    this.#virtualizer._willUpdate()
    if (table.parentElement) new ResizeObserver(([entry]) => this.#fold(entry?.contentRect.width ?? 0)).observe(table.parentElement)
  }

  /** Draws another list with its columns from the top, or nothing. */
  show(rows: RowList | undefined): void {
    this.#rows = rows
    for (const { element } of this.#lines.values()) element.remove()
    this.#lines.clear()
    this.#drawHead()
    this.#table.parentElement?.scrollTo(0, 0)
    this.update()
  }

  /** Draws the changes of the list; rows with a key in `flashes` light up. */
  update(flashes: Iterable<string> = []): void {
    for (const key of flashes) this.#flashes.add(key)
    this.#virtualizer.setOptions(this.#options())
    this.#virtualizer._willUpdate()
    this.#draw()
    this.#flashes.clear()
  }

  /** Focuses a row, if it is drawn. */
  focus(key: string): void {
    this.#lines.get(key)?.element.querySelector('button')?.focus()
  }

  /** Updates the ages. */
  tick(): void {
    const now = this.#now()
    this.#columns.forEach((column, at) => {
      if (column.look !== 'age') return
      for (const { cells, row } of this.#lines.values()) if (row) write(cells[at], textOf(column, row.cell(column), now))
    })
  }

  get #columns(): readonly Column[] {
    return this.#rows?.columns ?? []
  }

  get #shown(): readonly Row[] {
    return this.#rows?.shown ?? []
  }

  get #rowHeight(): number {
    return this.#isFolded ? FOLDED_ROW_HEIGHT : ROW_HEIGHT
  }

  /** Folds the rows, or unfolds them, for a width. The first row in sight stays. A hidden table has no width, and stays as it is. */
  #fold(width: number): void {
    const isFolded = width <= FOLD_WIDTH
    if (width === 0 || isFolded === this.#isFolded) return
    const scroller = this.#table.parentElement
    const first = (scroller?.scrollTop ?? 0) / this.#rowHeight
    this.#isFolded = isFolded
    this.#table.classList.toggle('folded', isFolded)
    this.#virtualizer.measure()
    this.update()
    scroller?.scrollTo(0, first * this.#rowHeight)
  }

  /** The height of the head, which wraps on a narrow screen, in pixels. */
  get #headHeight(): number {
    return this.#table.tHead?.offsetHeight ?? 0
  }

  #options(): VirtualizerOptions<HTMLElement, HTMLElement> {
    return {
      count: this.#shown.length,
      getScrollElement: () => this.#table.parentElement,
      estimateSize: () => this.#rowHeight,
      paddingStart: this.#headHeight,
      overscan: 12,
      scrollToFn: elementScroll,
      observeElementRect,
      observeElementOffset,
      onChange: () => this.#draw(),
    }
  }

  #draw(): void {
    const items = this.#virtualizer.getVirtualItems()
    const shown = items.flatMap(({ index }) => this.#shown[index] ?? [])
    const previous = this.#lines
    this.#lines = new Map(shown.map(({ key }) => [key, previous.get(key) ?? line(key, this.#columns)]))
    // Remove deleted lines first, so that the others keep their place and their flashes continue.
    for (const [key, { element }] of previous) if (!this.#lines.has(key)) element.remove()
    let next = this.#above.nextSibling
    const now = this.#now()
    shown.forEach((row, at) => {
      const element = this.#drawLine(row, now)
      if (!element) return
      element.ariaRowIndex = String((items[at]?.index ?? 0) + 2)
      if (element === next) next = next.nextSibling
      else this.#body.insertBefore(element, next)
    })
    const { paddingStart } = this.#virtualizer.options
    this.#above.style.height = `${(items[0]?.start ?? paddingStart) - paddingStart}px`
    this.#below.style.height = `${this.#virtualizer.getTotalSize() - (items.at(-1)?.end ?? paddingStart)}px`
    this.#table.ariaRowCount = String(this.#shown.length + 1)
  }

  #drawLine(row: Row, now: number): HTMLTableRowElement | undefined {
    const drawn = this.#lines.get(row.key)
    if (!drawn || drawn.row === row) return drawn?.element
    drawn.row = row
    this.#columns.forEach((column, at) => {
      const element = drawn.cells[at]
      if (element) drawCell(element, column, row.cell(column), now)
    })
    // Two names for one animation: alternating them restarts the flash of a row that changes again.
    if (this.#flashes.has(row.key)) drawn.element.dataset.flash = drawn.element.dataset.flash === 'a' ? 'b' : 'a'
    return drawn.element
  }

  #drawHead(): void {
    const columns = this.#columns
    const cells = columns.map((column) => {
      const button = create('button', { type: 'button', textContent: column.title })
      button.addEventListener('click', () => {
        this.#rows?.sort(nextOrder(this.#rows.order, column))
        this.#markOrder()
        this.update()
      })
      return create('th', { scope: 'col', className: column.look }, [button])
    })
    this.#table.querySelector('colgroup')?.replaceChildren(...columns.map(({ look }) => create('col', { className: look })))
    this.#table.createTHead().replaceChildren(create('tr', {}, cells))
    this.#markOrder()
  }

  #markOrder(): void {
    const { column, direction } = this.#rows?.order ?? {}
    const cells = this.#table.tHead?.rows[0]?.cells ?? []
    this.#columns.forEach((other, at) => {
      const cell = cells[at]
      if (cell) cell.ariaSort = (other === column && direction) || 'none'
    })
  }
}

function nextOrder(order: Order, column: Column): Order {
  return { column, direction: order.column === column && order.direction === 'ascending' ? 'descending' : 'ascending' }
}

function textOf({ look }: Column, { text, value }: Cell, now: number): string {
  return (look === 'age' ? formatAge(now + Number(value)) : text) || '–'
}

function drawCell(element: HTMLElement, column: Column, cell: Cell, now: number): void {
  write(element, textOf(column, cell, now))
  element.title = column.look === 'badge' || column.look === 'age' ? '' : cell.text
  element.dataset.tone = cell.text ? (cell.tone ?? '') : ''
  element.toggleAttribute('data-zero', column.look === 'number' ? cell.value === 0 : column.look === 'badge' && cell.text === '')
}

function line(key: string, columns: readonly Column[]): Line {
  const element = create('tr')
  element.dataset.key = key
  const cells = columns.map(({ look, title }) => {
    const cell = element.insertCell()
    cell.className = look
    cell.dataset.title = title.toLowerCase()
    if (look === 'badge') return cell.appendChild(create('span'))
    return look === 'name' ? cell.appendChild(create('button', { type: 'button' })) : cell
  })
  return { element, cells, row: undefined }
}

function spacer(): HTMLTableRowElement {
  return create('tr', { className: 'spacer', ariaHidden: 'true' })
}
