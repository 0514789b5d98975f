// Server-side apply: what it would change, what it changed, and which manager stands in its way.
import { apiVersionOf, type ConflictError, isConflictError, type KubeObject } from 'kubeflect'
import { create, write } from '../page.ts'
import { messageOf } from '../strip.ts'
import { differencesOf } from './differences.ts'
import { type OpenPanel, placeOf, type Subject } from './panel.ts'

const MANAGER = 'kubeflect-playground'

/** How an apply is sent. */
type Mode = 'rehearse' | 'apply' | 'take over'

/** Opens a form for a part of the object, which is applied as the manager `kubeflect-playground`. */
export const openApply: OpenPanel = (host, first, { client, signal }) => {
  let subject = first
  const text = create('textarea', { id: 'apply-text', spellcheck: false, rows: 10, value: JSON.stringify(partOf(first), undefined, 2) })
  const label = create('label', { htmlFor: text.id, textContent: `The fields that ${MANAGER} should manage, as JSON` })
  const rehearse = create('button', {
    type: 'button',
    textContent: 'Dry run',
    title: 'Asks the server what would change, and changes nothing',
  })
  const apply = create('button', { type: 'button', textContent: 'Apply', title: 'Fails if another manager has a field with another value' })
  const force = create('button', {
    type: 'button',
    textContent: 'Take over',
    title: 'Applies, and takes the fields from their managers',
    hidden: true,
  })
  const result = create('div', { className: 'apply-result' })
  result.role = 'status'
  host.append(create('form', { className: 'apply' }, [label, text, create('p', {}, [rehearse, apply, force]), result]))
  const send = async (mode: Mode) => {
    force.hidden = true
    result.replaceChildren('Asking the server …')
    try {
      const part = JSON.parse(text.value) as KubeObject
      const place = placeOf(subject)
      const before = await client.get(subject.resource, place.name, { namespace: place.namespace, signal })
      const options = { fieldManager: MANAGER, force: mode === 'take over', ...(mode === 'rehearse' && { dryRun: 'All' as const }) }
      const after = await client.apply(subject.resource, withIdentity(part, subject), { ...options, signal })
      const title = mode === 'rehearse' ? 'The server would change:' : `Applied as version ${after.metadata.resourceVersion}:`
      result.replaceChildren(create('p', { textContent: title }), differencesOf(before, after))
    } catch (error) {
      if (signal.aborted) return
      const conflicts = isConflictError(error) ? error.conflicts : []
      force.hidden = conflicts.length === 0
      result.replaceChildren(...(conflicts.length > 0 ? conflictText(conflicts) : [failureText(error)]))
    }
  }
  const report = async (mode: Mode) => {
    await send(mode)
    result.scrollIntoView({ block: 'nearest' })
  }
  rehearse.addEventListener('click', () => void report('rehearse'))
  apply.addEventListener('click', () => void report('apply'))
  force.addEventListener('click', () => void report('take over'))
  return (next) => {
    subject = next
  }
}

/** Returns a small part of the object to begin with: its replicas, or a label. */
function partOf({ entry, resource }: Subject): object {
  const { replicas } = Object((entry.object as { spec?: unknown }).spec) as { replicas?: number }
  const part = { apiVersion: apiVersionOf(resource), kind: resource.kind, metadata: identityOf(entry) }
  if (replicas !== undefined) return { ...part, spec: { replicas: replicas + 1 } }
  return { ...part, metadata: { ...part.metadata, labels: { tier: 'playground' } } }
}

/** Returns the part for the object of the drawer, whatever name the text has. */
function withIdentity(part: KubeObject, { entry }: Subject) {
  return { ...part, metadata: { ...part.metadata, ...identityOf(entry) } }
}

/** Returns what names an object in its metadata. */
function identityOf({ name, namespace }: Subject['entry']) {
  return { name, ...(namespace && { namespace }) }
}

function conflictText(conflicts: ConflictError['conflicts']): HTMLElement[] {
  const managers = new Map<string, string[]>()
  for (const { manager, field } of conflicts) managers.set(manager, [...(managers.get(manager) ?? []), field.replace(/^\./, '')])
  const items = [...managers].map(([manager, fields]) => create('li', { textContent: `${manager} manages ${fields.join(', ')}` }))
  return [
    create('p', { textContent: 'Nothing was changed, because other managers have these fields with other values:' }),
    create('ul', { className: 'conflicts' }, items),
    create('p', { textContent: 'Leave the fields out, give them the same values, or take them over.' }),
  ]
}

function failureText(error: unknown): HTMLElement {
  const said = error instanceof SyntaxError ? `The text is not JSON: ${messageOf(error)}.` : `The server refused: ${messageOf(error)}.`
  const element = create('p')
  write(element, said)
  return element
}
