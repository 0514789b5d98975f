// Small tools for the elements of the page.

/**
 * Returns the element of the page with an id.
 *
 * @throws TypeError when it does not exist, or has another type.
 */
export function byId<E extends HTMLElement>(id: string, type: new () => E): E {
  const element = document.getElementById(id)
  if (element instanceof type) return element
  throw new TypeError(`index.html has no ${type.name} with the id ${JSON.stringify(id)}`)
}

/** Sets an element's text if it differs. */
export function write(element: HTMLElement | undefined, text: string): void {
  if (element && element.textContent !== text) element.textContent = text
}

/** Creates an element with properties. */
export function create<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  children: readonly (Node | string)[] = [],
): HTMLElementTagNameMap[K] {
  const element = Object.assign(document.createElement(tag), properties)
  element.append(...children)
  return element
}

/** Lets the arrow keys, Home and End move through tabs; calls `onPick` with the index of the tab that is clicked or reached. Skips hidden tabs. */
export function rovingTabs(tabs: readonly HTMLButtonElement[], onPick: (at: number) => void): void {
  tabs.forEach((tab, at) => {
    tab.addEventListener('click', () => onPick(at))
    tab.addEventListener('keydown', (event) => {
      const shown = tabs.filter(({ hidden }) => !hidden)
      const here = shown.indexOf(tab)
      const steps: Readonly<Record<string, number>> = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: -1 }
      const step = steps[event.key]
      const next = step === undefined ? undefined : shown.at(step % shown.length)
      if (!next) return
      event.preventDefault()
      next.focus()
      next.click()
    })
  })
}

/** Lets a button show and hide an element, which CSS folds on narrow screens while the button is not expanded. */
export function foldBy(button: HTMLButtonElement, folded: HTMLElement): void {
  const set = (isExpanded: boolean) => {
    button.ariaExpanded = String(isExpanded)
    folded.toggleAttribute('data-folded', !isExpanded)
  }
  button.addEventListener('click', () => set(button.ariaExpanded !== 'true'))
  set(false)
}
