// The picker of a resource.
import { type Resource, resourceName } from 'kubeflect'
import type { DiscoveredResource } from 'kubeflect/discovery'
import { Listbox } from './listbox.ts'
import { byId, create } from './page.ts'

/**
 * A resource picker: an editable combobox with a list below it, usable with keyboard and mouse. Searches kinds, plurals, short names and
 * groups.
 * {@link https://www.w3.org/WAI/ARIA/apg/patterns/combobox/}
 */
export class Picker {
  readonly #input = byId('resource', HTMLInputElement)
  readonly #list = byId('resources', HTMLElement)
  readonly #listbox = new Listbox(this.#input, this.#list, { onPick: (option) => this.#pick(option) })
  readonly #onPick: (resource: Resource) => void
  #resources: readonly DiscoveredResource[] = []
  #chosen = ''

  constructor({ onPick }: { onPick: (resource: Resource) => void }) {
    this.#onPick = onPick
    this.#input.addEventListener('click', () => this.#open())
    this.#input.addEventListener('input', () => this.#open(this.#input.value))
    this.#input.addEventListener('blur', () => this.#close())
    this.#input.addEventListener('keydown', (event) => this.#press(event))
  }

  /** Sets the available resources. */
  set resources(resources: readonly DiscoveredResource[]) {
    this.#resources = resources
    if (this.#isOpen) this.#draw(this.#input.value === this.#chosen ? '' : this.#input.value)
  }

  /** Sets the selected resource. */
  set chosen(name: string) {
    this.#chosen = name
    if (!this.#isOpen) this.#input.value = name
  }

  /** Focuses the input and opens the list. */
  focus(): void {
    this.#input.focus()
    this.#open()
  }

  get #isOpen(): boolean {
    return !this.#list.hidden
  }

  #open(text = ''): void {
    if (!this.#isOpen) {
      this.#list.hidden = false
      this.#input.ariaExpanded = 'true'
      if (text === '') this.#input.select()
    }
    this.#draw(text)
  }

  #close(): void {
    this.#list.hidden = true
    this.#input.ariaExpanded = 'false'
    this.#input.value = this.#chosen
    this.#listbox.activate(undefined)
  }

  #press(event: KeyboardEvent): void {
    const act = this.#isOpen
      ? this.#actions[event.key]
      : event.key === 'ArrowDown' || event.key === 'Enter'
        ? () => this.#open()
        : undefined
    if (!act || event.altKey || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    act()
  }

  readonly #actions: Readonly<Record<string, () => void>> = {
    ...this.#listbox.moves,
    Enter: () => this.#listbox.active && this.#pick(this.#listbox.active),
    Escape: () => this.#close(),
  }

  #pick(option: HTMLElement): void {
    const resource = this.#resources.find((candidate) => idOf(candidate) === option.id)
    if (!resource) return
    this.#chosen = resourceName(resource)
    this.#close()
    this.#onPick(resource)
  }

  #draw(text: string): void {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean)
    const found = this.#resources.filter((resource) => words.every((word) => namesOf(resource).some((name) => name.includes(word))))
    const groups = [...new Set(found.map(({ group }) => group))]
    const active = this.#listbox.active?.id
    this.#list.replaceChildren(
      ...groups.map((group) =>
        groupElement(
          group,
          found.filter((resource) => resource.group === group),
        ),
      ),
    )
    if (found.length === 0)
      this.#list.append(
        create('p', {
          textContent: this.#resources.length > 0 ? 'The server has no such resource.' : 'Waiting for the resources of the server.',
        }),
      )
    const first = words.length > 0 ? bestOf(found, words.join(' ')) : found.find((resource) => resourceName(resource) === this.#chosen)
    const kept = words.length === 0 ? this.#listbox.options.find(({ id }) => id === active) : undefined
    this.#listbox.activate(kept ?? this.#listbox.options.find(({ id }) => first && id === idOf(first)))
  }
}

const idOf = (resource: Resource): string => `resource-${resourceName(resource)}`

/** Returns all names of a resource, in lower case. */
function namesOf({ group, plural, singular, kind, shortNames }: DiscoveredResource): string[] {
  return [plural, ...shortNames, singular, kind.toLowerCase(), group, group ? `${plural}.${group}` : plural]
}

/** Returns the exact match, or else the first prefix match, or else the first item. */
function bestOf(found: readonly DiscoveredResource[], text: string): DiscoveredResource | undefined {
  return (
    found.find((resource) => namesOf(resource).includes(text)) ??
    found.find((resource) => namesOf(resource).some((name) => name.startsWith(text))) ??
    found[0]
  )
}

function groupElement(group: string, resources: readonly DiscoveredResource[]): HTMLElement {
  const title = create('p', { id: `group-${group || 'core'}`, textContent: group || 'core' })
  const options = resources.map((resource) => {
    const { kind, shortNames, plural } = resource
    const option = create('div', { id: idOf(resource), role: 'option', ariaSelected: 'false' }, [
      create('span', { textContent: plural }),
      create('small', { textContent: kind }),
      create('small', { textContent: shortNames.join(' ') }),
    ])
    return option
  })
  const element = create('div', { role: 'group' }, [title, ...options])
  element.setAttribute('aria-labelledby', title.id)
  return element
}
