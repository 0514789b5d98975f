// Draws a picture on a canvas that scrolls, and lets pointer and keyboard reach its marks.
import { create, write } from '../page.ts'
import { onSchemeChange } from '../scheme.ts'
import { type Colors, drawMark, readColors } from './draw.ts'
import type { Mark, Picture, Target } from './picture.ts'

/** The most rows of the table beside a picture. */
const MAX_TWIN_ROWS = 200

/** The directions of the arrow keys. */
const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
}

/** Shows one picture at a time. The picture has a table as its twin, which screen readers find behind it. */
export class CanvasView {
  readonly #host: HTMLElement
  readonly #canvas = create('canvas', { ariaHidden: 'true' })
  readonly #space = create('div', { className: 'space', ariaHidden: 'true' })
  readonly #caption: HTMLElement
  readonly #twin: HTMLTableElement
  readonly #onOpen: (target: Target) => void
  #colors: Colors | undefined
  #picture: Picture | undefined
  #marks = new Map<string, Mark>()
  #active: string | undefined
  #described = ''
  #isScheduled = false

  /**
   * @param host the element that scrolls; the view fills it.
   * @param options.caption shows the sentence of the active mark.
   * @param options.twin shows the content of the picture to screen readers.
   * @param options.onOpen called when a mark is clicked, or entered.
   * @param options.onResize called when the width has changed, so that the picture is laid out again.
   */
  constructor(
    host: HTMLElement,
    {
      caption,
      twin,
      onOpen,
      onResize,
    }: { caption: HTMLElement; twin: HTMLTableElement; onOpen: (target: Target) => void; onResize: () => void },
  ) {
    this.#host = host
    this.#caption = caption
    this.#onOpen = onOpen
    this.#twin = twin
    host.tabIndex = 0
    host.replaceChildren(create('div', { className: 'screen' }, [this.#canvas]), this.#space)
    let width = 0
    new ResizeObserver(() => {
      if (width !== host.clientWidth) onResize()
      width = host.clientWidth
      this.#schedule()
    }).observe(host)
    onSchemeChange(() => {
      this.#colors = undefined
      this.#schedule()
    })
    host.addEventListener('scroll', () => this.#schedule())
    host.addEventListener('pointermove', (event) => {
      caption.ariaLive = 'off'
      this.#activate(this.#markAt(event)?.id)
    })
    host.addEventListener('pointerleave', () => this.#activate(undefined))
    host.addEventListener('click', (event) => this.#open(this.#markAt(event)))
    host.addEventListener('keydown', (event) => this.#press(event))
  }

  /** The width that a picture has, in CSS pixels. */
  get width(): number {
    return this.#host.clientWidth
  }

  /** Shows another picture, or nothing. */
  show(picture: Picture | undefined): void {
    this.#picture = picture
    this.#marks = new Map(picture?.marks.map((mark) => [mark.id, mark]))
    this.#space.style.height = `${picture?.height ?? 0}px`
    if (this.#active !== undefined) this.#tell()
    this.#schedule()
  }

  /** Fills the table with the content of the picture. Costs more than drawing, so it is called less often. */
  describe(): void {
    const twin = this.#picture?.twin ?? { title: '', head: [], rows: [] }
    const text = JSON.stringify(twin)
    if (text === this.#described) return
    this.#described = text
    const { title, head, rows } = twin
    const lineOf = (tag: 'th' | 'td', cells: readonly string[]) =>
      create(
        'tr',
        {},
        cells.map((text) => create(tag, { textContent: text })),
      )
    this.#twin.replaceChildren(
      create('caption', { textContent: title }),
      create('thead', {}, [lineOf('th', head)]),
      create(
        'tbody',
        {},
        rows.slice(0, MAX_TWIN_ROWS).map((cells) => lineOf('td', cells)),
      ),
    )
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    requestAnimationFrame(() => {
      this.#isScheduled = false
      this.#draw()
    })
  }

  #draw(): void {
    const { clientWidth: width, clientHeight: height, scrollTop: top } = this.#host
    const context = this.#canvas.getContext('2d')
    const picture = this.#picture
    if (!context || width === 0) return
    const ratio = devicePixelRatio
    if (this.#canvas.width !== width * ratio || this.#canvas.height !== height * ratio) {
      this.#canvas.width = width * ratio
      this.#canvas.height = height * ratio
      this.#canvas.style.cssText = `width: ${width}px; height: ${height}px`
    }
    this.#colors ??= readColors(this.#host)
    context.setTransform(ratio, 0, 0, ratio, 0, -top * ratio)
    context.clearRect(0, top, width, height)
    if (!picture) return
    const isVisible = ({ y, height: own }: Mark) => y + own >= top && y <= top + height
    const active = this.#active === undefined ? undefined : this.#marks.get(this.#active)
    const lit = new Set(active ? [active.id, ...(active.owners ?? [])] : [])
    for (const { from, to } of picture.links) this.#link(context, from, to, lit.has(from) && lit.has(to))
    for (const mark of picture.marks) if (isVisible(mark)) drawMark(context, mark, this.#colors, { isLit: lit.has(mark.id) })
    for (const { x, y, text, isTitle = false } of picture.captions) {
      context.fillStyle = isTitle ? this.#colors.text : this.#colors.muted
      context.font = `${isTitle ? '600 13px' : '12px'} ${this.#colors.font}`
      context.textBaseline = 'middle'
      context.fillText(text, x, y)
    }
  }

  #link(context: CanvasRenderingContext2D, from: string, to: string, isLit: boolean): void {
    const start = this.#marks.get(from)
    const end = this.#marks.get(to)
    if (!start || !end || !this.#colors || start.x + start.width >= end.x) return
    const [x1, y1, x2, y2] = [start.x + start.width, start.y + start.height / 2, end.x, end.y + end.height / 2]
    context.strokeStyle = isLit ? this.#colors.accent : this.#colors.line
    context.lineWidth = isLit ? 2 : 1
    context.beginPath()
    context.moveTo(x1, y1)
    context.bezierCurveTo((x1 + x2) / 2, y1, (x1 + x2) / 2, y2, x2, y2)
    context.stroke()
  }

  /** Returns the smallest mark below the pointer. */
  #markAt({ clientX, clientY }: MouseEvent): Mark | undefined {
    const { left, top } = this.#host.getBoundingClientRect()
    const [x, y] = [clientX - left, clientY - top + this.#host.scrollTop]
    return this.#picture?.marks.findLast((mark) => x >= mark.x && x < mark.x + mark.width && y >= mark.y && y < mark.y + mark.height)
  }

  #press(event: KeyboardEvent): void {
    const { marks = [] } = this.#picture ?? {}
    const active = this.#active === undefined ? undefined : this.#marks.get(this.#active)
    const step = STEPS[event.key]
    if (event.key === 'Enter') this.#open(active)
    else if (event.key === 'Home' || !active) this.#reveal(step || event.key === 'Home' ? marks[0] : undefined)
    else if (event.key === 'End') this.#reveal(marks.at(-1))
    else if (step) this.#reveal(nearest(marks, active, step))
    if (step || ['Enter', 'Home', 'End'].includes(event.key)) event.preventDefault()
  }

  /** Scrolls to the first mark whose label begins with a text, and lights it up. No-op without one. */
  point(label: string): void {
    this.#reveal(this.#picture?.marks.find((mark) => mark.label.startsWith(label)))
  }

  #reveal(mark: Mark | undefined): void {
    if (!mark) return
    // Spoken because the user asked for it; what the pointer passes is not.
    this.#caption.ariaLive = 'polite'
    this.#activate(mark.id)
    const { scrollTop, clientHeight } = this.#host
    if (mark.y < scrollTop) this.#host.scrollTop = mark.y - 30
    else if (mark.y + mark.height > scrollTop + clientHeight)
      this.#host.scrollTop = mark.y + Math.min(mark.height, clientHeight) - clientHeight + 30
  }

  #activate(id: string | undefined): void {
    if (this.#active === id) return
    this.#active = id
    this.#tell()
    this.#schedule()
  }

  #tell(): void {
    const mark = this.#active === undefined ? undefined : this.#marks.get(this.#active)
    write(this.#caption, mark?.label ?? '')
    this.#host.style.cursor = mark?.target ? 'pointer' : ''
  }

  #open(mark: Mark | undefined): void {
    if (mark?.target) this.#onOpen(mark.target)
  }
}

/** How much farther a mark counts that lies beside the way, per pixel. */
const ASIDE = 50

/** Returns the closest mark in a direction; those that lie beside the way count as farther away. */
function nearest(marks: readonly Mark[], from: Mark, [dx, dy]: readonly [number, number]): Mark | undefined {
  let best: Mark | undefined
  let least = Number.POSITIVE_INFINITY
  for (const mark of marks) {
    const along = (mark.x - from.x) * dx + (mark.y - from.y) * dy
    const aside = dx === 0 ? gap(mark.x, mark.width, from.x, from.width) : gap(mark.y, mark.height, from.y, from.height)
    const distance = along + ASIDE * aside
    if (mark !== from && along > 0 && distance < least) {
      best = mark
      least = distance
    }
  }
  return best
}

/** Returns the distance between two intervals; 0 when they overlap. */
function gap(start: number, size: number, other: number, otherSize: number): number {
  return Math.max(0, start - (other + otherSize), other - (start + size))
}
