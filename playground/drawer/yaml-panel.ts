// The object as YAML, with the manager of each field.
import { ownersAt } from 'kubeflect/live'
import { create } from '../page.ts'
import { drawWithManagers, type Managers } from './managers.ts'
import { maskSecret } from './mask.ts'
import type { OpenPanel, Subject } from './panel.ts'
import { yamlLines } from './yaml.ts'

/** Managers have a letter and a colour each; those beyond the sixth have the colour of the first again. */
const COLOURS = 6

/** Opens the YAML of an object. */
export const openYaml: OpenPanel = (host, first, context) => {
  const legend = create('p', { className: 'managers' })
  const text = create('pre', { id: 'details-text', tabIndex: 0, ariaLabel: 'YAML' })
  text.role = 'region'
  host.append(legend, text)
  return drawWithManagers(first, context, (subject, managers) => {
    const isPast = context.isPast()
    const names = isPast ? [] : namesOf(managers)
    const lines = linesOf(subject)
    let before = -1
    text.replaceChildren(
      ...lines.map(({ text: line, path }) => {
        // A line without a value stands for fields that may have several managers.
        const isKnown = !isPast && (!line.endsWith(':') || managers.has(path))
        const owner = isKnown ? ownersAt(managers, path)[0]?.manager : undefined
        const at = owner === undefined ? -1 : names.indexOf(owner)
        const element = create('span', { textContent: `${line}\n`, title: owner ? `${path}: managed by ${owner}` : '' })
        if (at >= 0) element.dataset.manager = String(at % COLOURS)
        if (at >= 0 && at !== before) element.dataset.letter = letterOf(at)
        before = at
        return element
      }),
    )
    legend.replaceChildren(
      ...(isPast
        ? ['The managers of the past are not known.']
        : names.map((name, at) => {
            const element = create('span', { textContent: name })
            element.dataset.manager = String(at % COLOURS)
            element.dataset.letter = letterOf(at)
            return element
          })),
    )
  })
}

function linesOf({ entry }: Subject) {
  try {
    return yamlLines(maskSecret(entry.object))
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return [{ text: 'The object is not valid JSON.', path: '' }]
  }
}

function namesOf(managers: Managers): string[] {
  return [...new Set([...managers.values()].flatMap((owners) => owners.map(({ manager }) => manager)))].sort()
}

const letterOf = (at: number): string => String.fromCharCode(65 + (at % 26))
