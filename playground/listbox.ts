// The list below a combobox: its active option, and the keys that move it.

/** How far the page keys move. */
const PAGE = 8

/**
 * The options of a combobox. The focus stays in the input, and one option is active.
 * {@link https://www.w3.org/WAI/ARIA/apg/patterns/combobox/}
 */
export class Listbox {
  readonly #input: HTMLInputElement
  readonly #list: HTMLElement
  #active: HTMLElement | undefined

  /** @param options.onPick called with the option that the user clicks. */
  constructor(input: HTMLInputElement, list: HTMLElement, { onPick }: { onPick: (option: HTMLElement) => void }) {
    this.#input = input
    this.#list = list
    // Keep the focus in the input.
    list.addEventListener('pointerdown', (event) => event.preventDefault())
    list.addEventListener('click', ({ target }) => {
      const option = target instanceof Element ? target.closest<HTMLElement>('[role=option]') : undefined
      if (option) onPick(option)
    })
  }

  /** The active option. */
  get active(): HTMLElement | undefined {
    return this.#active
  }

  /** The options, in order. */
  get options(): HTMLElement[] {
    return [...this.#list.querySelectorAll<HTMLElement>('[role=option]')]
  }

  /** Makes an option the active one; undefined for none. */
  activate(option: HTMLElement | undefined): void {
    if (this.#active) this.#active.ariaSelected = 'false'
    this.#active = option
    if (option) {
      option.ariaSelected = 'true'
      option.scrollIntoView({ block: 'nearest' })
    }
    this.#input.setAttribute('aria-activedescendant', option?.id ?? '')
  }

  /** The actions of the keys that move the active option. */
  readonly moves: Readonly<Record<string, () => void>> = {
    ArrowDown: () => this.#move(1),
    ArrowUp: () => this.#move(-1),
    PageDown: () => this.#move(PAGE),
    PageUp: () => this.#move(-PAGE),
  }

  #move(by: number): void {
    const { options } = this
    const at = this.#active ? options.indexOf(this.#active) : -1
    const next = Math.abs(by) === 1 ? (at + by + options.length) % options.length : Math.min(Math.max(at + by, 0), options.length - 1)
    this.activate(options[next])
  }
}
