// The element <kubeflect-devtools>: draws an inspector's panels in a shadow root.

import type { InspectedChange } from '../inspect/changes'
import type { Inspector } from '../inspect/inspector'
import { once } from '../internal/once'
import { LongFrames } from './frames'
import { PANELS, type Panel, panels } from './panels'
import { type Drawn, h, render } from './render'
import { STYLE } from './style'

/** The place of the devtools: at an edge of the page, or in a window of their own. The attribute `dock`. */
export type DevtoolsDock = 'bottom' | 'right' | 'window'

/** The element `<kubeflect-devtools>`. */
export interface DevtoolsElement extends HTMLElement {
  /** The inspector that is shown. */
  inspector: Inspector | undefined
}

const NAME = 'kubeflect-devtools'
/** The interval at which countdowns are drawn, in milliseconds. */
const TICK_MS = 1_000

/**
 * Defines the element `<kubeflect-devtools>`. Calling it again is a no-op. Give an element its `inspector`, and a `dock`: `bottom`, `right` or
 * `window`. It draws while it is in a document and visible.
 *
 * @example
 * ```ts
 * defineDevtools()
 * const devtools = document.createElement('kubeflect-devtools') as DevtoolsElement
 * devtools.inspector = createInspector()
 * devtools.setAttribute('dock', 'right')
 * document.body.append(devtools)
 * ```
 */
export function defineDevtools(): void {
  // In here, because servers have no HTMLElement.
  if (customElements.get(NAME)) return
  customElements.define(
    NAME,
    class extends HTMLElement {
      #devtools: Devtools | undefined
      #stop = () => {}

      get inspector(): Inspector | undefined {
        return this.#devtools?.inspector
      }

      set inspector(inspector: Inspector | undefined) {
        this.#stop()
        this.#devtools = inspector && new Devtools(this, inspector)
        if (this.isConnected) this.connectedCallback()
      }

      connectedCallback(): void {
        if (!this.hasAttribute('dock')) this.setAttribute('dock', 'bottom')
        this.#stop()
        this.#stop = once(this.#devtools?.start() ?? (() => {}))
      }

      disconnectedCallback(): void {
        this.#stop()
      }
    },
  )
}

/** The state of one element. */
class Devtools {
  readonly inspector: Inspector
  readonly #host: HTMLElement
  readonly #root: ShadowRoot
  readonly #frames = new LongFrames()
  #panel: Panel = 'Feeds'
  #feed: string | undefined
  #change: InspectedChange | undefined
  #isPaused = false
  #message = ''

  constructor(host: HTMLElement, inspector: Inspector) {
    this.inspector = inspector
    this.#host = host
    this.#root = host.shadowRoot ?? host.attachShadow({ mode: 'open' })
  }

  /** Draws until the function it returns is called. */
  start(): () => void {
    const stop = this.inspector.subscribe(() => this.#draw())
    const timer = setInterval(() => this.#draw(), TICK_MS)
    const unobserve = this.#frames.observe()
    this.#render()
    return () => {
      stop()
      clearInterval(timer)
      unobserve()
    }
  }

  #draw(): void {
    if (!this.#isPaused && !this.#host.hidden && !this.#host.ownerDocument.hidden) this.#render()
  }

  /** Runs an action, and draws at once, even while drawing is paused. */
  #do(action: () => void): () => void {
    return () => {
      action()
      this.#render()
    }
  }

  #render(): void {
    const { snapshot } = this.inspector
    const body = panels[this.#panel](snapshot, {
      now: Date.now(),
      feed: this.#feed,
      openChange: this.#change,
      frames: this.#frames,
      choose: (feed) => {
        this.#feed = feed
        this.#panel = 'Feed'
        this.#render()
      },
      open: (change) => {
        this.#change = change
        this.#render()
      },
      measure: (feed) => void this.inspector.measure(feed).then(() => this.#render()),
    })
    render(this.#root, [
      h('style', {}, STYLE),
      this.#header(),
      h('div', { role: 'tabpanel', 'aria-label': this.#panel, tabindex: '0' }, ...body),
    ])
  }

  #header(): Drawn {
    const { isCut, total } = this.inspector.snapshot.requests
    const tabs = PANELS.map((name) => {
      const onclick = this.#do(() => {
        this.#panel = name
      })
      return h('button', { role: 'tab', 'aria-selected': String(name === this.#panel), onclick }, name)
    })
    const pause = this.#do(() => {
      this.#isPaused = !this.#isPaused
    })
    const cut = this.#do(() => (isCut ? this.inspector.restore() : this.inspector.cut()))
    return h(
      'header',
      {},
      h('strong', {}, 'kubeflect'),
      h('div', { role: 'tablist', 'aria-label': 'Panels' }, ...tabs),
      h('span', { role: 'status' }, this.#message),
      this.#feed !== undefined &&
        h(
          'button',
          {
            onclick: this.#do(() => {
              this.#feed = undefined
            }),
          },
          'All feeds',
        ),
      h('button', { 'aria-pressed': String(this.#isPaused), onclick: pause }, 'Pause'),
      // Only requests of the inspector's own `fetch` can be cut.
      (isCut || total > 0) && h('button', { 'aria-pressed': String(isCut), onclick: cut }, isCut ? 'Reconnect' : 'Cut connection'),
      h('button', { onclick: () => this.#tell(this.inspector.forget(), 'The storage is cleared.') }, 'Forget storage'),
      h('button', { onclick: () => this.#tell(this.#copy(), 'The report is copied.') }, 'Copy report'),
      h('button', { onclick: () => this.#undock() }, 'Window'),
      h(
        'button',
        {
          onclick: this.#do(() => {
            this.#host.hidden = true
          }),
        },
        'Close',
      ),
    )
  }

  async #copy(): Promise<void> {
    await navigator.clipboard.writeText(JSON.stringify(this.inspector.report(), undefined, 2))
  }

  #tell(work: Promise<void>, done: string): void {
    const tell = (message: string) => {
      this.#message = message
      this.#render()
    }
    work.then(
      () => tell(done),
      (error: unknown) => tell(error instanceof Error ? error.message : String(error)),
    )
  }

  /** Moves the element into a window of its own, and back when that is closed. */
  #undock(): void {
    const host = this.#host
    const [home, dock] = [host.parentNode, host.getAttribute('dock') ?? 'bottom']
    const opened = globalThis.open('', '', 'popup,width=900,height=600')
    if (!opened || !home) return
    opened.document.title = 'kubeflect'
    host.setAttribute('dock', 'window')
    opened.document.body.append(host)
    opened.addEventListener('pagehide', () => {
      host.setAttribute('dock', dock)
      home.appendChild(host)
    })
  }
}
