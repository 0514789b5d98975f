// The commands of the page: its views, resources, namespaces, objects and buttons.
import { resourceName } from 'kubeflect'
import type { DiscoveredResource } from 'kubeflect/discovery'
import type { Command } from './commands.ts'
import { TITLES, VIEWS, type ViewName } from './views/names.ts'

/** What the commands act on. */
export interface CommandTargets {
  readonly resources: readonly DiscoveredResource[]
  readonly namespaces: readonly string[]
  /** The plural of the resource that is shown. */
  readonly plural: string
  /** The keys of its objects. */
  readonly keys: Iterable<string>
  readonly onView: (view: ViewName) => void
  readonly onResource: (name: string) => void
  /** Called with undefined for all namespaces. */
  readonly onNamespace: (namespace: string | undefined) => void
  readonly onObject: (key: string) => void
}

/** Objects are found by at least this many characters. */
const LEAST_CHARACTERS = 2
/** The most objects that are ranked. */
const MOST_OBJECTS = 100

/** Returns the commands that lead to other parts of the page, and to the objects whose keys contain each word of the text. */
export function navigation(targets: CommandTargets, text: string): Command[] {
  const { resources, namespaces, onView, onResource, onNamespace } = targets
  return [
    ...VIEWS.map((view, at) => ({
      group: 'Views',
      title: TITLES[view],
      note: String(at + 1),
      words: 'go to view',
      run: () => onView(view),
    })),
    ...[undefined, ...namespaces].map((namespace) => ({
      group: 'Namespaces',
      title: namespace ?? 'All namespaces',
      words: 'go to namespace',
      run: () => onNamespace(namespace),
    })),
    ...resources.map((resource) => ({
      group: 'Resources',
      title: resource.plural,
      note: resource.group ? `${resource.kind} · ${resource.group}` : resource.kind,
      words: ['go to', resource.kind, resource.group, resource.singular, ...resource.shortNames].join(' '),
      run: () => onResource(resourceName(resource)),
    })),
    ...objects(targets, text),
  ]
}

/** Returns the buttons of the page that can be pressed, as commands. */
export function buttons(container: HTMLElement): Command[] {
  return [...container.querySelectorAll('button')]
    .filter(({ disabled }) => !disabled)
    .map((button) => ({
      group: 'Actions',
      title: button.ariaLabel ?? button.textContent ?? '',
      note: button.closest('fieldset')?.ariaLabel ?? '',
      words: button.title,
      run: () => button.click(),
    }))
}

function objects({ plural, keys, onObject }: CommandTargets, text: string): Command[] {
  const words = text.trim().toLowerCase().split(/\s+/)
  if (words.join('').length < LEAST_CHARACTERS) return []
  const found: Command[] = []
  for (const key of keys) {
    if (!words.every((word) => key.includes(word))) continue
    found.push({ group: `Objects: ${plural}`, title: key, run: () => onObject(key) })
    if (found.length === MOST_OBJECTS) break
  }
  return found
}
