// Shows the differences between two versions of an object.
import type { KubeObject } from 'kubeflect'
import { diff, ownersAt } from 'kubeflect/live'
import { create } from '../page.ts'
import type { Managers } from './managers.ts'
import { maskSecret } from './mask.ts'

const MAX_DIFFERENCES = 20
const MAX_LENGTH = 160
/** What each write changes by itself. */
const SERVERS_OWN = /^metadata\.(resourceVersion|generation|managedFields)\b/

/** Returns a list of the differences, each with the manager that the field has now, if it is known. */
export function differencesOf(before: KubeObject | undefined, after: KubeObject | undefined, managers: Managers = new Map()): HTMLElement {
  const all = diff(before && maskSecret(before), after && maskSecret(after)).filter(({ path }) => !SERVERS_OWN.test(path))
  const items = all.slice(0, MAX_DIFFERENCES).map(({ path, type, before: old, after: now }) => {
    const [owner] = ownersAt(managers, path)
    return create('li', {}, [
      create('code', { textContent: path }),
      ' ',
      ...(type === 'added' ? [] : [create('del', { textContent: textOf(old) })]),
      ...(type === 'changed' ? [' → '] : []),
      ...(type === 'removed' ? [' removed'] : [create('ins', { textContent: textOf(now) })]),
      ...(owner ? [create('small', { textContent: ` ${owner.manager}` })] : []),
    ])
  })
  const rest = all.length - items.length
  if (rest > 0) items.push(create('li', { textContent: `and ${rest} more` }))
  if (all.length === 0) items.push(create('li', { textContent: 'No field differs.' }))
  return create('ul', { className: 'differences' }, items)
}

function textOf(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text
}
