// What changed of the object, when, and which manager has the field.
import { formatMoment } from '../format.ts'
import { create } from '../page.ts'
import { differencesOf } from './differences.ts'
import { drawWithManagers } from './managers.ts'
import type { OpenPanel } from './panel.ts'

const MAX_CHANGES = 50

/** Opens the changes of an object since the page has known it, the newest first. */
export const openChanges: OpenPanel = (host, first, context) => {
  const list = create('ol', { className: 'changes' })
  host.append(list)
  return drawWithManagers(first, context, (subject, managers) => {
    const { entry, source } = subject
    const until = context.now()
    const changes = (source.history?.steps() ?? [])
      .filter(({ time }) => time <= until)
      .flatMap((step) => step.changes.flatMap((change) => (change.key === entry.key ? [{ ...step, change }] : [])))
      .slice(-MAX_CHANGES)
      .reverse()
    list.replaceChildren(
      ...changes.map(({ time, resourceVersion, change: { previous, entry: next } }) => {
        const what = !previous ? 'appeared' : !next ? 'deleted' : ''
        const title = [formatMoment(time), `version ${next?.resourceVersion ?? resourceVersion}`, what].filter(Boolean).join(' · ')
        const differences = previous && next ? [differencesOf(previous.object, next.object, managers)] : []
        return create('li', {}, [create('h2', { textContent: title }), ...differences])
      }),
    )
    if (changes.length === 0)
      list.append(create('li', { className: 'nothing', textContent: 'Nothing has changed since the page knows it.' }))
  })
}
