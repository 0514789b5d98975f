/**
 * The element of the page with an id.
 *
 * @throws TypeError when there is none, or one of another kind.
 */
export function byId<E extends HTMLElement>(id: string, type: new () => E): E {
  const element = document.getElementById(id)
  if (element instanceof type) return element
  throw new TypeError(`index.html has no ${type.name} with the id ${JSON.stringify(id)}`)
}

/** Sets an element's text, unless it is the same. */
export function write(element: HTMLElement | undefined, text: string): void {
  if (element && element.textContent !== text) element.textContent = text
}

/** Makes an element with some properties. */
export function create<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  children: readonly (Node | string)[] = [],
): HTMLElementTagNameMap[K] {
  const element = Object.assign(document.createElement(tag), properties)
  element.append(...children)
  return element
}
