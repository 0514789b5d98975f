// The dock of the devtools: at the bottom of the page or at its side, with a handle that resizes it.
import type { FeedInspector } from 'kubeflect/live'
import { byId } from './page.ts'
import type { Settings } from './scheme.ts'
import { messageOf } from './strip.ts'

/** The edge of the page where the dock is. */
export type DockSide = 'bottom' | 'right'

/** What is remembered of the dock. Sizes are in CSS pixels. */
interface DockState {
  readonly isOpen: boolean
  readonly side: DockSide
  readonly height: number
  readonly width: number
}

const KEY = 'kubeflect-playground devtools'
const FIRST: DockState = { isOpen: false, side: 'bottom', height: 280, width: 480 }
/** The smallest size, and the part of the window that the dock leaves to the page, in CSS pixels. */
const LEAST = 120
const REST = 260
/** How far an arrow key moves the handle, in CSS pixels. */
const STEP = 24
/** On narrower screens the dock is at the bottom. */
const narrow = matchMedia('(max-width: 900px)')

/** What a dock needs of its page. */
export interface DockOptions {
  readonly storage: Settings
  /** Called once with the inspector, when the devtools are opened for the first time. */
  readonly inspect: (inspector: FeedInspector) => void
  /** Clears the stored state of the page. */
  readonly forget: () => Promise<void>
}

/** Loads the devtools when they are opened for the first time. Remembers its side, its size and whether it is open. */
export class Dock {
  readonly #section = byId('dock', HTMLElement)
  readonly #handle = byId('dock-handle', HTMLElement)
  readonly #body = byId('dock-body', HTMLElement)
  readonly #button = byId('dock-toggle', HTMLButtonElement)
  readonly #options: DockOptions
  #state: DockState
  #element: HTMLElement | undefined
  #isLoading = false

  constructor(options: DockOptions) {
    this.#options = options
    this.#state = recall(options.storage)
    Object.assign(this.#handle, { role: 'separator', tabIndex: 0 })
    this.#handle.setAttribute('aria-controls', this.#body.id)
    this.#button.addEventListener('click', () => this.toggle())
    this.#handle.addEventListener('keydown', (event) => this.#press(event))
    this.#handle.addEventListener('pointerdown', (event) => this.#handle.setPointerCapture(event.pointerId))
    this.#handle.addEventListener('pointermove', (event) => this.#drag(event))
    narrow.addEventListener('change', () => this.#draw())
    addEventListener('resize', () => this.#draw())
    this.#draw()
  }

  /** Whether the devtools are shown. */
  get isOpen(): boolean {
    return this.#state.isOpen
  }

  /** The edge where the dock is. */
  get side(): DockSide {
    return narrow.matches ? 'bottom' : this.#state.side
  }

  /** Opens the devtools, or closes them. */
  toggle(): void {
    this.#set({ isOpen: !this.isOpen })
    if (!this.isOpen) this.#button.focus()
  }

  /** Moves the dock to the other edge, and opens it. */
  turn(): void {
    this.#set({ isOpen: true, side: this.side === 'bottom' ? 'right' : 'bottom' })
  }

  #set(change: Partial<DockState>): void {
    this.#state = { ...this.#state, ...change }
    this.#options.storage.setItem(KEY, JSON.stringify(this.#state))
    this.#draw()
  }

  #draw(): void {
    const { isOpen } = this
    const isBottom = this.side === 'bottom'
    const most = this.#most
    const size = Math.min(Math.max(isBottom ? this.#state.height : this.#state.width, LEAST), most)
    // The element is away while the devtools have a window of their own.
    const isAway = this.#element !== undefined && this.#element.parentNode !== this.#body
    this.#section.hidden = !isOpen || isAway
    this.#section.dataset.side = this.side
    this.#section.style.setProperty('--size', `${size}px`)
    this.#button.ariaPressed = String(isOpen)
    Object.assign(this.#handle, {
      ariaOrientation: isBottom ? 'horizontal' : 'vertical',
      ariaLabel: isBottom ? 'Height of the devtools' : 'Width of the devtools',
      ariaValueMin: String(LEAST),
      ariaValueMax: String(most),
      ariaValueNow: String(size),
    })
    // Not when it is so already: the observer below would see a change.
    if (this.#element && this.#element.hidden === isOpen) this.#element.hidden = !isOpen
    if (!this.#element && isOpen) void this.#load()
  }

  /** The largest size. */
  get #most(): number {
    return Math.max(LEAST, (this.side === 'bottom' ? innerHeight : innerWidth) - REST)
  }

  async #load(): Promise<void> {
    if (this.#isLoading) return
    this.#isLoading = true
    try {
      const { createInspector, defineDevtools } = await import('kubeflect/devtools')
      const inspector = createInspector({ persister: { clear: this.#options.forget } })
      this.#options.inspect(inspector)
      defineDevtools()
      const element = Object.assign(document.createElement('kubeflect-devtools'), { inspector })
      this.#body.replaceChildren(element)
      this.#element = element
      this.#follow(element)
    } catch (error) {
      this.#body.textContent = `The devtools could not be loaded: ${messageOf(error)}.`
    } finally {
      this.#isLoading = false
    }
    this.#draw()
  }

  /** Follows the buttons of the devtools, which close them, and move them into a window of their own. */
  #follow(element: HTMLElement): void {
    const observer = new MutationObserver(() => {
      if (element.hidden === this.isOpen) this.toggle()
      else this.#draw()
    })
    observer.observe(element, { attributeFilter: ['hidden'] })
    observer.observe(this.#body, { childList: true })
  }

  #press(event: KeyboardEvent): void {
    const grow = this.side === 'bottom' ? 'ArrowUp' : 'ArrowLeft'
    const shrink = this.side === 'bottom' ? 'ArrowDown' : 'ArrowRight'
    const now = Number(this.#handle.ariaValueNow)
    const sizes: Readonly<Record<string, number>> = { [grow]: now + STEP, [shrink]: now - STEP, Home: LEAST, End: this.#most }
    const size = sizes[event.key]
    if (size === undefined) return
    event.preventDefault()
    this.#resize(size)
  }

  #drag(event: PointerEvent): void {
    if (!this.#handle.hasPointerCapture(event.pointerId)) return
    this.#resize(this.side === 'bottom' ? innerHeight - event.clientY : innerWidth - event.clientX)
  }

  #resize(to: number): void {
    const size = Math.round(Math.min(Math.max(to, LEAST), this.#most))
    this.#set(this.side === 'bottom' ? { height: size } : { width: size })
  }
}

function recall(storage: Settings): DockState {
  try {
    const { isOpen, side, height, width } = JSON.parse(storage.getItem(KEY) ?? '{}')
    return {
      isOpen: isOpen === true,
      side: side === 'right' ? 'right' : 'bottom',
      height: Number.isFinite(height) ? height : FIRST.height,
      width: Number.isFinite(width) ? width : FIRST.width,
    }
  } catch {
    // Something else wrote the entry.
    return FIRST
  }
}
