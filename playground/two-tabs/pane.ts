// One of two tabs in a frame, with what it says of itself.
import { create, write } from '../page.ts'

/** What a tab says of itself in the attributes of its `main`. */
export interface TabFacts {
  readonly state: string
  readonly role: string
  /** The Worker that reads for it. */
  readonly owner: string
  readonly tabs: number
  /** The watches of that Worker at the API server. */
  readonly watches: number
  readonly rows: number
  readonly lists: number
  readonly resourceVersion: string
}

/** A tab in a frame: loaded, reloaded and closed like a tab of the browser. */
export class Pane {
  readonly name: string
  readonly element: HTMLElement
  readonly #url: () => string
  readonly #onChange: () => void
  readonly #onAct: (action: 'reload' | 'close' | 'open', pane: Pane) => void
  readonly #role = create('p', { className: 'pane-role' })
  readonly #holder = create('div', { className: 'pane-frame' })
  readonly #reload = button('Reload', () => this.#onAct('reload', this))
  readonly #toggle = button('Close', () => this.#onAct(this.isOpen ? 'close' : 'open', this))
  readonly #observer = new MutationObserver(() => this.#read())
  #frame: HTMLIFrameElement | undefined
  #facts: TabFacts | undefined

  /**
   * @param options.url returns the address of the tab.
   * @param options.onChange called when the tab says something else of itself.
   * @param options.onAct called when a button of the pane is pressed.
   */
  constructor(
    name: string,
    { url, onChange, onAct }: { url: () => string; onChange: () => void; onAct: (action: 'reload' | 'close' | 'open', pane: Pane) => void },
  ) {
    this.name = name
    this.#url = url
    this.#onChange = onChange
    this.#onAct = onAct
    this.#reload.title = `Reload ${name}: its rows come back without a list`
    this.element = create('section', { className: 'pane', ariaLabel: name }, [
      create('header', {}, [create('h2', { textContent: name }), this.#role, this.#reload, this.#toggle]),
      this.#holder,
    ])
    this.#draw()
  }

  /** What the tab said last; undefined while it is closed or loads. */
  get facts(): TabFacts | undefined {
    return this.#facts
  }

  get isOpen(): boolean {
    return this.#frame !== undefined
  }

  /** Opens the tab. No-op for one that is open. */
  open(): void {
    if (this.#frame) return
    const frame = create('iframe', { title: this.name, src: this.#url() })
    this.#frame = frame
    frame.addEventListener('load', () => this.#follow())
    this.#holder.replaceChildren(frame)
    this.#draw()
  }

  /** Closes the tab, as the browser does: nothing runs in it any more. */
  close(): void {
    this.#observer.disconnect()
    this.#frame = undefined
    this.#facts = undefined
    this.#holder.replaceChildren(create('p', { className: 'pane-closed', textContent: `${this.name} is closed.` }))
    this.#draw()
  }

  /** Loads the tab again. */
  reload(): void {
    this.#observer.disconnect()
    this.#facts = undefined
    this.#frame?.contentWindow?.location.reload()
    this.#draw()
  }

  #follow(): void {
    this.#observer.disconnect()
    const main = this.#main
    if (main) this.#observer.observe(main, { attributes: true })
    this.#read()
  }

  get #main(): HTMLElement | undefined {
    return this.#frame?.contentDocument?.getElementsByTagName('main')[0]
  }

  #read(): void {
    const { dataset } = this.#main ?? {}
    if (!dataset?.tabsRole) return
    this.#facts = {
      state: dataset.state ?? '',
      role: dataset.tabsRole,
      owner: dataset.tabsOwner ?? '',
      tabs: Number(dataset.tabs),
      watches: Number(dataset.upstreamWatches),
      rows: Number(dataset.rows),
      lists: Number(dataset.lists),
      resourceVersion: dataset.resourceVersion ?? '',
    }
    this.#draw()
    this.#onChange()
  }

  #draw(): void {
    const { isOpen } = this
    this.#reload.disabled = !isOpen
    write(this.#toggle, isOpen ? 'Close' : 'Open')
    this.#toggle.title = isOpen ? `Close ${this.name}: the other tab goes on` : `Open ${this.name} again`
    write(this.#role, !isOpen ? 'closed' : this.#facts ? roleOf(this.#facts) : 'loading …')
  }
}

function roleOf({ role, owner }: TabFacts): string {
  if (role === 'shared') return `via Worker ${owner.slice(0, 4)}`
  if (role === 'leader') return 'leads'
  return role === 'follower' ? 'follows the other tab' : 'reads for itself'
}

function button(textContent: string, act: () => void): HTMLButtonElement {
  const element = create('button', { type: 'button', className: 'tool', textContent })
  element.addEventListener('click', act)
  return element
}
