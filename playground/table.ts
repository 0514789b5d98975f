import { elementScroll, observeElementOffset, observeElementRect, Virtualizer, type VirtualizerOptions } from '@tanstack/virtual-core'
import { write } from './page.ts'
import { formatAge, type PodRow, toneOf } from './pods.ts'
import type { Column, Order, RowList } from './row-list.ts'

// As style.css has them, in pixels.
const ROW_HEIGHT = 36
const HEAD_HEIGHT = 38

const columns: readonly { readonly column: Column; readonly title: string }[] = [
  { column: 'name', title: 'Name' },
  { column: 'namespace', title: 'Namespace' },
  { column: 'phase', title: 'Phase' },
  { column: 'node', title: 'Node' },
  { column: 'restarts', title: 'Restarts' },
  { column: 'age', title: 'Age' },
]

/** A row on the screen, and what it shows. */
interface Line {
  readonly element: HTMLTableRowElement
  readonly cells: readonly HTMLElement[]
  row: PodRow | undefined
}

/** Draws the rows of a list that are in sight, and of those only what changed. */
export class PodTable {
  readonly #rows: RowList
  readonly #table: HTMLTableElement
  readonly #body: HTMLTableSectionElement
  readonly #virtualizer: Virtualizer<HTMLElement, HTMLElement>
  readonly #above = spacer()
  readonly #below = spacer()
  #lines = new Map<string, Line>()
  /** Keys that are to flash when they are drawn next. */
  readonly #flashes = new Set<string>()

  constructor(table: HTMLTableElement, rows: RowList) {
    const [body] = table.tBodies
    if (!body) throw new TypeError('PodTable: the table has no tbody')
    this.#table = table
    this.#body = body
    this.#rows = rows
    this.#drawHead()
    body.append(this.#above, this.#below)
    // A flash that is over must not come back when the row moves.
    body.addEventListener('animationend', ({ target }) => {
      if (target instanceof HTMLElement) delete target.dataset.flash
    })
    this.#virtualizer = new Virtualizer(this.#options())
    this.#virtualizer._didMount()
    this.#virtualizer._willUpdate()
  }

  /** Draws after the list has changed; rows with a key in `flashes` light up. */
  update(flashes: Iterable<string> = []): void {
    for (const key of flashes) this.#flashes.add(key)
    this.#virtualizer.setOptions(this.#options())
    this.#virtualizer._willUpdate()
    this.#draw()
    this.#flashes.clear()
  }

  /** Shows what time has changed. */
  tick(now: number): void {
    for (const { cells, row } of this.#lines.values()) if (row) write(cells[5], formatAge(now - row.details.created))
  }

  #options(): VirtualizerOptions<HTMLElement, HTMLElement> {
    return {
      count: this.#rows.shown.length,
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
    const shown = items.flatMap(({ index }) => this.#rows.shown[index] ?? [])
    const previous = this.#lines
    this.#lines = new Map(shown.map(({ key }) => [key, previous.get(key) ?? line(key)]))
    // What left goes first: the others stay where they are, and their flashes go on.
    for (const [key, { element }] of previous) if (!this.#lines.has(key)) element.remove()
    let next = this.#above.nextSibling
    const now = Date.now()
    shown.forEach((row, at) => {
      const { element } = this.#drawLine(row, now)
      element.ariaRowIndex = String((items[at]?.index ?? 0) + 2)
      if (element === next) next = next.nextSibling
      else this.#body.insertBefore(element, next)
    })
    this.#above.style.height = `${(items[0]?.start ?? HEAD_HEIGHT) - HEAD_HEIGHT}px`
    this.#below.style.height = `${this.#virtualizer.getTotalSize() - (items.at(-1)?.end ?? HEAD_HEIGHT)}px`
    this.#table.ariaRowCount = String(this.#rows.shown.length + 1)
  }

  #drawLine(row: PodRow, now: number): Line {
    const drawn = this.#lines.get(row.key) ?? line(row.key)
    if (drawn.row === row) return drawn
    drawn.row = row
    const { entry, details } = row
    const [name, namespace, phase, node, restarts, age] = drawn.cells
    write(name, entry.name)
    write(namespace, entry.namespace)
    write(phase, details.phase)
    if (phase) phase.dataset.tone = toneOf(details.phase)
    write(node, details.node || '–')
    write(restarts, String(details.restarts))
    restarts?.toggleAttribute('data-zero', details.restarts === 0)
    write(age, formatAge(now - details.created))
    // Two names for one animation: a row that changes while it flashes starts anew.
    if (this.#flashes.has(row.key)) drawn.element.dataset.flash = drawn.element.dataset.flash === 'a' ? 'b' : 'a'
    return drawn
  }

  #drawHead(): void {
    const head = this.#table.createTHead().insertRow()
    for (const { column, title } of columns) {
      const button = Object.assign(document.createElement('button'), { type: 'button', textContent: title })
      const cell = document.createElement('th')
      cell.scope = 'col'
      cell.className = column
      cell.append(button)
      head.append(cell)
      button.addEventListener('click', () => {
        this.#rows.sort(nextOrder(this.#rows.order, column))
        this.#markOrder()
        this.update()
      })
    }
    this.#markOrder()
  }

  #markOrder(): void {
    const { column, direction } = this.#rows.order
    for (const cell of this.#table.tHead?.rows[0]?.cells ?? []) cell.ariaSort = cell.className === column ? direction : 'none'
  }
}

function nextOrder(order: Order, column: Column): Order {
  return { column, direction: order.column === column && order.direction === 'ascending' ? 'descending' : 'ascending' }
}

function line(key: string): Line {
  const element = document.createElement('tr')
  element.dataset.key = key
  const cells = columns.map(({ column }) => {
    const cell = element.insertCell()
    cell.className = column
    return column === 'phase' ? cell.appendChild(document.createElement('span')) : cell
  })
  return { element, cells, row: undefined }
}

function spacer(): HTMLTableRowElement {
  const element = document.createElement('tr')
  element.className = 'spacer'
  element.ariaHidden = 'true'
  return element
}
