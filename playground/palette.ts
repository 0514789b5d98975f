// The command palette: finds what the page can show and do, by a few letters.
import { type Command, type CommandGroup, search } from './commands.ts'
import { Listbox } from './listbox.ts'
import { byId, create, write } from './page.ts'

/** A dialog with a combobox, usable by keyboard alone. Escape closes it and returns the focus. */
export class Palette {
  readonly #dialog = byId('palette', HTMLDialogElement)
  readonly #input = byId('command', HTMLInputElement)
  readonly #list = byId('commands', HTMLElement)
  readonly #count = byId('commands-count', HTMLElement)
  readonly #listbox = new Listbox(this.#input, this.#list, { onPick: (option) => this.#run(option) })
  readonly #commandsFor: (text: string) => readonly Command[]
  #commands: readonly Command[] = []

  /** @param commandsFor returns the commands to search, for the text that is typed. */
  constructor(commandsFor: (text: string) => readonly Command[]) {
    this.#commandsFor = commandsFor
    this.#input.addEventListener('input', () => this.#draw())
    this.#dialog.addEventListener('keydown', (event) => this.#press(event))
    this.#dialog.addEventListener('close', () => this.#list.replaceChildren())
    // The dialog has no padding, so only its backdrop is the dialog itself.
    this.#dialog.addEventListener('click', ({ target }) => target === this.#dialog && this.#dialog.close())
    byId('palette-open', HTMLButtonElement).addEventListener('click', () => this.toggle())
  }

  /** Opens the palette, or closes it. Leaves another dialog alone. */
  toggle(): void {
    if (this.#dialog.open) this.#dialog.close()
    else if (!document.querySelector('dialog[open]')) {
      this.#input.value = ''
      this.#dialog.showModal()
      this.#draw()
    }
  }

  #press(event: KeyboardEvent): void {
    const act = this.#actions[event.key]
    if (!act || event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return
    // The rest of the page has its own use for these keys.
    event.preventDefault()
    event.stopPropagation()
    act()
  }

  readonly #actions: Readonly<Record<string, () => void>> = {
    ...this.#listbox.moves,
    Enter: () => this.#run(this.#listbox.active),
    Escape: () => this.#dialog.close(),
  }

  #run(option: HTMLElement | undefined): void {
    const command = option && this.#commands[this.#listbox.options.indexOf(option)]
    if (!command) return
    // First, so that the focus is back before the command moves it.
    this.#dialog.close()
    command.run()
  }

  #draw(): void {
    const text = this.#input.value
    const groups = search(this.#commandsFor(text), text)
    this.#list.replaceChildren(...groups.map(groupElement))
    this.#commands = groups.flatMap(({ commands }) => commands)
    this.#list.scrollTop = 0
    this.#listbox.activate(this.#listbox.options[0])
    const { length } = this.#commands
    write(this.#count, length === 0 ? 'No command matches.' : `${length} ${length === 1 ? 'command' : 'commands'}`)
  }
}

function groupElement({ title, commands }: CommandGroup, group: number): HTMLElement {
  const heading = create('p', { id: `commands-${group}`, textContent: title })
  const options = commands.map(({ title: text, note = '' }, at) =>
    create('div', { id: `command-${group}-${at}`, role: 'option', ariaSelected: 'false' }, [
      create('span', { textContent: text }),
      create('small', { textContent: note }),
    ]),
  )
  const element = create('div', { role: 'group' }, [heading, ...options])
  element.setAttribute('aria-labelledby', heading.id)
  return element
}
