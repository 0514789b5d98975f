// The time line below the views: shows when what changed, and moves every view to a moment of the past.
import { formatAge, formatCount, formatMoment } from '../format.ts'
import { byId, create, write } from '../page.ts'
import { Moments } from './moments.ts'
import type { Rewindable } from './rewindable.ts'
import { drawStrip, type Fault, type Span } from './strip-drawing.ts'

/** The time between two drawings of the line while it does not move, in milliseconds. */
const DRAW_MS = 250
/** The shortest time from end to end, in milliseconds. */
const MIN_SPAN_MS = 10_000
const MAX_FAULTS = 50

/** Options of a {@link TimeLine}. */
export interface TimeLineOptions {
  /** Called after each move, before the views draw. */
  readonly onMove: () => void
}

/** Moves the sources of the visible view through their past. There is one; the next view continues at the same time if it reaches back to it. */
export class TimeLine {
  readonly #main: HTMLElement
  readonly #onMove: () => void
  readonly #canvas = create('canvas', { ariaHidden: 'true' })
  readonly #handle = create('div', { id: 'time-handle', tabIndex: 0, role: 'slider', ariaLabel: 'Moment that the views show' })
  readonly #track = create('div', { id: 'time-track' }, [this.#canvas, this.#handle])
  readonly #play = create('button', { type: 'button', id: 'time-play' })
  readonly #speed = create('select', { id: 'time-speed', ariaLabel: 'Speed' }, [new Option('1×', '1'), new Option('10×', '10')])
  readonly #label = create('p', { id: 'time-label' })
  readonly #banner = create('p', { id: 'past', hidden: true })
  readonly #bannerText = create('strong')
  readonly #ahead = create('span')
  #sources: readonly Rewindable[] = []
  #moments = new Moments([], () => undefined)
  #moment: number | undefined
  /** The time of the shown moment; it stays when the moment is dropped. */
  #time: number | undefined
  #faults: readonly Fault[] = []
  #isPlaying = false
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(main: HTMLElement, { onMove }: TimeLineOptions) {
    this.#main = main
    this.#onMove = onMove
    const live = create('button', { type: 'button', textContent: 'Back to live', title: 'Show the present (Escape)' })
    const text = 'Drag, or use the arrow keys: every view shows that moment. Page Up and Page Down go to the marks, End to the present.'
    const help = create('span', { id: 'time-help', className: 'unseen', textContent: text })
    this.#handle.setAttribute('aria-describedby', help.id)
    this.#handle.title = text
    this.#banner.append(this.#bannerText, this.#ahead, live)
    byId('panel', HTMLElement).before(this.#banner)
    const strip = create('section', { className: 'time', ariaLabel: 'Time line' }, [
      this.#play,
      this.#speed,
      this.#track,
      this.#label,
      help,
    ])
    main.append(strip)
    live.addEventListener('click', () => this.goTo(undefined))
    this.#play.addEventListener('click', () => (this.#isPlaying ? this.#pause() : this.#start()))
    this.#handle.addEventListener('keydown', (event) => this.#press(event))
    this.#track.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return
      this.#track.setPointerCapture(event.pointerId)
      this.#handle.focus()
      this.#drag(event)
    })
    this.#track.addEventListener('pointermove', (event) => {
      if (this.#track.hasPointerCapture(event.pointerId)) this.#drag(event)
    })
    new ResizeObserver(() => this.#draw()).observe(this.#track)
    this.#draw()
  }

  /** Whether the views show the past. */
  get isPast(): boolean {
    return this.#time !== undefined
  }

  /** The time that the views show, in milliseconds since the epoch. */
  get now(): number {
    return this.#time ?? Date.now()
  }

  /** Follows the sources of another view. It stays at the shown moment if all of them reach back to it, and shows the present otherwise. */
  show(sources: readonly Rewindable[]): void {
    if (sources.length === this.#sources.length && sources.every((source, at) => source === this.#sources[at])) return
    this.#sources = sources
    const time = this.#time
    this.#pause()
    const before = this.#moments
    before[Symbol.dispose]()
    this.#moments = new Moments(sources, () => this.#schedule())
    const isReached = time !== undefined && time >= this.#moments.begun
    if (time !== undefined) before.show(undefined)
    this.goTo(isReached ? this.#moments.at(time) : undefined)
  }

  /** Shows a moment, or the present for undefined. Moments beyond the ends show the oldest one, or the present. */
  goTo(moment: number | undefined): void {
    const { first, last, ticks } = this.#moments
    const isPast = moment !== undefined && moment < last && ticks.length > 0
    this.#moment = isPast ? Math.max(first, moment) : undefined
    this.#time = this.#moment === undefined ? undefined : (this.#moments.tickOf(this.#moment)?.time ?? this.#moments.begun)
    if (!isPast) this.#pause()
    this.#moments.show(this.#moment)
    this.#onMove()
    this.#describe()
    this.#draw()
  }

  /** Marks the present as the time of a fault. */
  mark(label: string): void {
    this.#faults = [...this.#faults, { time: Date.now(), label }].slice(-MAX_FAULTS)
    this.#schedule()
  }

  #press(event: KeyboardEvent): void {
    const { first, last } = this.#moments
    const at = this.#moment ?? last
    const moves: Readonly<Record<string, () => number | undefined>> = {
      ArrowLeft: () => at - 1,
      ArrowDown: () => at - 1,
      ArrowRight: () => at + 1,
      ArrowUp: () => at + 1,
      Home: () => first,
      End: () => undefined,
      PageDown: () => this.#marks().findLast(({ moment }) => moment < at)?.moment ?? first,
      PageUp: () => this.#marks().find(({ moment }) => moment > at)?.moment,
    }
    const move = moves[event.key]
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    this.#pause()
    this.goTo(move())
  }

  #drag({ clientX }: PointerEvent): void {
    this.#pause()
    const { left, width } = this.#track.getBoundingClientRect()
    const share = (clientX - left) / width
    const { from, to } = this.#span
    this.goTo(share >= 1 ? undefined : this.#moments.at(from + share * (to - from)))
  }

  /** The moments of relists and of faults, the oldest first. */
  #marks(): { readonly moment: number; readonly label: string }[] {
    const { ticks, first, begun } = this.#moments
    const relists = ticks.flatMap(({ type, changes }, at) =>
      type === 'replace' ? [{ moment: first + at + 1, label: `a list changed ${formatCount(changes)} objects` }] : [],
    )
    const faults = this.#faults.filter(({ time }) => time >= begun).map(({ time, label }) => ({ moment: this.#moments.at(time), label }))
    return [...relists, ...faults].sort((a, b) => a.moment - b.moment)
  }

  get #span(): Span {
    const to = Date.now()
    const { begun } = this.#moments
    return { from: Math.min(Number.isNaN(begun) ? to : begun, this.#time ?? to, to - MIN_SPAN_MS), to }
  }

  #start(): void {
    if (this.#time === undefined) this.goTo(this.#moments.first)
    if (this.#time === undefined) return
    this.#isPlaying = true
    let time = this.#time
    let before = performance.now()
    const step = (now: number) => {
      if (!this.#isPlaying) return
      time += (now - before) * Number(this.#speed.value)
      before = now
      const moment = this.#moments.at(time)
      if (moment !== this.#moment) this.goTo(moment)
      // Between two changes only the clock moves.
      if (this.#time !== undefined) this.#time = Math.min(time, Date.now())
      this.#draw()
      requestAnimationFrame(step)
    }
    requestAnimationFrame(step)
  }

  #pause(): void {
    this.#isPlaying = false
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => this.#draw(), DRAW_MS)
  }

  /** Describes the shown moment. Called when it moves only: screen readers read each change of a slider's text. */
  #describe(): void {
    const { first, last } = this.#moments
    const moment = this.#moment ?? last
    this.#handle.setAttribute('aria-valuemin', '0')
    this.#handle.setAttribute('aria-valuemax', String(Math.max(1, last - first)))
    this.#handle.setAttribute('aria-valuenow', String(moment - first))
    const marks = this.#marks().flatMap((mark) => (mark.moment === this.#moment ? [mark.label] : []))
    this.#handle.setAttribute('aria-valuetext', this.#time === undefined ? 'Live' : [this.#momentText, ...marks].join(', '))
  }

  get #momentText(): string {
    const tick = this.#moment === undefined ? undefined : this.#moments.tickOf(this.#moment)
    return [formatMoment(this.now), tick && `version ${tick.resourceVersion}`].filter(Boolean).join(', ')
  }

  #draw(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const time = this.#time
    const { ticks, last, begun } = this.#moments
    const span = this.#span
    const isEmpty = ticks.length === 0
    this.#main.dataset.time = time === undefined ? 'live' : 'past'
    this.#main.dataset.moment = this.#moment === undefined ? '' : (this.#moments.tickOf(this.#moment)?.resourceVersion ?? 'first')
    this.#handle.style.left = `${((this.now - span.from) / (span.to - span.from)) * 100}%`
    if (!this.#handle.ariaValueText || time === undefined) this.#describe()
    this.#play.textContent = this.#isPlaying ? '❚❚' : '▶'
    this.#play.ariaLabel = this.#isPlaying ? 'Pause' : 'Play the past'
    this.#play.disabled = isEmpty
    this.#play.title = isEmpty ? 'Nothing has changed yet' : 'Play the changes from the shown moment on, or from the oldest'
    const known = Number.isNaN(begun) ? '' : `${formatCount(ticks.length)} changes in ${formatAge(span.to - begun)}`
    write(this.#label, time === undefined ? known : `${formatMoment(time)}, ${formatAge(span.to - time)} ago`)
    this.#banner.hidden = time === undefined
    if (time !== undefined && this.#moment !== undefined) {
      const ahead = formatCount(last - this.#moment)
      write(this.#bannerText, `You see the past: ${this.#momentText}`)
      write(this.#ahead, `The cluster goes on, ${ahead} changes ahead`)
    }
    drawStrip(this.#canvas, { span, ticks, faults: this.#faults.filter(({ time }) => time >= span.from), shown: time })
    // The line grows to the right while nothing happens.
    this.#schedule()
  }
}
