// Draws a tree of elements, and changes only what differs, so that focus, selection and scrolling stay.

/** An element to draw. */
export interface Drawn {
  readonly tag: string
  /** Attributes; `onclick` and others are listeners. False and undefined: no attribute. */
  readonly props: Readonly<Record<string, string | number | boolean | undefined | ((event: Event) => void)>>
  readonly children: readonly (Drawn | string)[]
}

type Child = Drawn | string | number | false | undefined

/** Makes an element to draw. */
export function h(tag: string, props: Drawn['props'] = {}, ...children: readonly (Child | readonly Child[])[]): Drawn {
  const kept = children.flat().filter((child) => child !== false && child !== undefined) as readonly (Drawn | string | number)[]
  return { tag, props, children: kept.map((child) => (typeof child === 'object' ? child : String(child))) }
}

/** The listeners of an element: one native listener for each type calls the present one. */
const listeners = new WeakMap<Element, Map<string, (event: Event) => void>>()

/** Makes the children of an element those that are given. */
export function render(parent: ParentNode & Node, children: readonly (Drawn | string)[]): void {
  children.forEach((child, i) => {
    const known = parent.childNodes[i]
    if (typeof child === 'string') {
      if (known?.nodeType !== Node.TEXT_NODE) place(parent, known, document.createTextNode(child))
      else if (known.textContent !== child) known.textContent = child
      return
    }
    const isSame = known instanceof Element && known.localName === child.tag
    const element = isSame ? known : create(child.tag)
    if (!isSame) place(parent, known, element)
    setProps(element, child.props)
    render(element, child.children)
  })
  while (parent.childNodes.length > children.length) parent.lastChild?.remove()
}

const SVG = ['svg', 'polyline', 'title']

function create(tag: string): Element {
  return SVG.includes(tag) ? document.createElementNS('http://www.w3.org/2000/svg', tag) : document.createElement(tag)
}

function place(parent: Node, known: Node | undefined, node: Node): void {
  if (known) parent.replaceChild(node, known)
  else parent.appendChild(node)
}

function setProps(element: Element, props: Drawn['props']): void {
  for (const { name } of [...element.attributes]) if (!(name in props)) element.removeAttribute(name)
  const own = listeners.get(element) ?? new Map()
  listeners.set(element, own)
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === 'function') {
      const type = name.slice(2)
      if (!own.has(type)) element.addEventListener(type, (event) => own.get(type)?.(event))
      own.set(type, value)
    } else if (value === undefined || value === false) element.removeAttribute(name)
    else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value === true ? '' : String(value))
  }
  for (const type of own.keys()) if (!(`on${type}` in props)) own.delete(type)
}
