// The Events of the object.
import { createLive } from 'kubeflect/live'
import { formatAge } from '../format.ts'
import { create } from '../page.ts'
import { messageOf } from '../strip.ts'
import type { OpenPanel } from './panel.ts'

/** Opens the Events of an object, the newest first. They are those of now, also while the views show the past. */
export const openEvents: OpenPanel = (host, { entry }, { client, signal }) => {
  const list = create('ol', { className: 'events' })
  host.append(list)
  const live = createLive(client)
  const events = live.events({ namespace: entry.namespace || undefined, uid: entry.uid })
  const draw = () => {
    const { rows, isReady, error } = events.snapshot
    const now = Date.now()
    list.replaceChildren(
      ...rows.map(({ object: { type, reason = '', message = '', lastTimestamp, eventTime } }) => {
        const age = formatAge(now - Date.parse(lastTimestamp ?? eventTime ?? ''))
        const isWarning = type === 'Warning'
        const title = create('h2', { textContent: `${isWarning ? '▲ Warning: ' : ''}${reason} · ${age} ago` })
        title.dataset.tone = isWarning ? 'bad' : ''
        return create('li', {}, [title, create('p', { textContent: message })])
      }),
    )
    if (rows.length > 0) return
    const reason = error ? `The Events cannot be read: ${messageOf(error)}.` : isReady ? 'There are no Events of this object.' : 'Loading …'
    list.append(create('li', { className: 'nothing', textContent: reason }))
  }
  const stop = events.subscribe(draw)
  draw()
  signal.addEventListener('abort', () => {
    stop()
    void live[Symbol.asyncDispose]()
  })
  return () => undefined
}
