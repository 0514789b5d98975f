import { elementScroll, observeElementOffset, observeElementRect, Virtualizer, type VirtualizerOptions } from '@tanstack/virtual-core'
import type { Cell, Column } from './columns.ts'
import { formatAge } from './format.ts'
import { create, write } from './page.ts'
import type { Order, Row, RowList } from './row-list.ts'

// As style.css has them, in pixels.
const ROW_HEIGHT = 32
const HEAD_HEIGHT = 36

/** A row on the screen, and what it shows. */
interface Line {
  readonly element: HTMLTableRowElement
  readonly cells: readonly HTMLElement[]
  row: Row | undefined
}

/** Draws the rows of a list that are in sight, and of those only what changed. */
export class ResourceTable {
  readonly #table: HTMLTableElement
  readonly #body: HTMLTableSectionElement
  readonly #virtualizer: Virtualizer<HTMLElement, HTMLElement>
  readonly #above = spacer()
  readonly #below = spacer()
  #rows: RowList | undefined
  #lines = new Map<string, Line>()
  /** Keys that are to flash when they are drawn next. */
  readonly #flashes = new Set<string>()

  /**
   * @param onOpen is called when somebody clicks a row, or presses the button with its name.
   * @throws TypeError when the table has no tbody.
   */
  constructor(table: HTMLTableElement, { onOpen }: { onOpen: (key: string) => void }) {
    const [body] = table.tBodies
    if (!body) throw new TypeError('ResourceTable: the table has no tbody')
    this.#table = table
    this.#body = body
    body.append(this.#above, this.#below)
    // A flash that is over must not come back when the row moves.
    body.addEventListener('animationend', ({ target }) => {
      if (target instanceof HTMLElement) delete target.dataset.flash
    })
    body.addEventListener('click', ({ target }) => {
      const key = target instanceof Element ? target.closest<HTMLElement>('tr[data-key]')?.dataset.key : undefined
      // Who marks text to copy it does not open anything.
      if (key !== undefined && getSelection()?.isCollapsed !== false) onOpen(key)
    })
    this.#virtualizer = new Virtualizer(this.#options())
    this.#virtualizer._didMount()
    this.#virtualizer._willUpdate()
  }

  /** Draws another list, with its columns, from the top; or none. */
  show(rows: RowList | undefined): void {
    this.#rows = rows
    for (const { element } of this.#lines.values()) element.remove()
    this.#lines.clear()
    this.#drawHead()
    this.#table.parentElement?.scrollTo(0, 0)
    this.update()
  }

  /** Draws after the list has changed; rows with a key in `flashes` light up. */
  update(flashes: Iterable<string> = []): void {
    for (const key of flashes) this.#flashes.add(key)
    this.#virtualizer.setOptions(this.#options())
    this.#virtualizer._willUpdate()
    this.#draw()
    this.#flashes.clear()
  }

  /** Gives the focus to a row, if it is drawn. */
  focus(key: string): void {
    this.#lines.get(key)?.element.querySelector('button')?.focus()
  }

  /** Shows what time has changed. */
  tick(now: number): void {
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

  #options(): VirtualizerOptions<HTMLElement, HTMLElement> {
    return {
      count: this.#shown.length,
      getScrollElement: () => this.#table.parentElement,
      estimateSize: () => ROW_HEIGHT,
      paddingStart: HEAD_HEIGHT,
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
    // What left goes first: the others stay where they are, and their flashes go on.
    for (const [key, { element }] of previous) if (!this.#lines.has(key)) element.remove()
    let next = this.#above.nextSibling
    const now = Date.now()
    shown.forEach((row, at) => {
      const element = this.#drawLine(row, now)
      if (!element) return
      element.ariaRowIndex = String((items[at]?.index ?? 0) + 2)
      if (element === next) next = next.nextSibling
      else this.#body.insertBefore(element, next)
    })
    this.#above.style.height = `${(items[0]?.start ?? HEAD_HEIGHT) - HEAD_HEIGHT}px`
    this.#below.style.height = `${this.#virtualizer.getTotalSize() - (items.at(-1)?.end ?? HEAD_HEIGHT)}px`
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
    // Two names for one animation: a row that changes while it flashes starts anew.
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
  const cells = columns.map(({ look }) => {
    const cell = element.insertCell()
    cell.className = look
    if (look === 'badge') return cell.appendChild(create('span'))
    return look === 'name' ? cell.appendChild(create('button', { type: 'button' })) : cell
  })
  return { element, cells, row: undefined }
}

function spacer(): HTMLTableRowElement {
  return create('tr', { className: 'spacer', ariaHidden: 'true' })
}
