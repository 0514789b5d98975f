// The log of a pod's container, as it is written.
import type { Pod } from 'kubeflect/resources/core/v1'
import { create, write } from '../page.ts'
import { messageOf } from '../strip.ts'
import type { OpenPanel, Subject } from './panel.ts'

const MAX_LINES = 1000
const TAIL_LINES = 200

/** Opens the log of a pod and follows it over restarts of the container. */
export const openLogs: OpenPanel = (host, subject, { client, signal }) => {
  const { name, namespace } = subject.entry
  const names = containersOf(subject)
  const containers = create(
    'select',
    { ariaLabel: 'Container' },
    names.map((each) => new Option(each)),
  )
  const state = create('p', { className: 'log-state' })
  const text = create('pre', { className: 'log', tabIndex: 0, ariaLabel: 'Log' })
  text.role = 'region'
  host.append(create('div', { className: 'log-head' }, [containers, state]), text)
  let reading = new AbortController()
  const read = async () => {
    reading.abort()
    reading = new AbortController()
    const ended = AbortSignal.any([signal, reading.signal])
    text.replaceChildren()
    write(state, 'Following')
    const lines = lineBuffer(text, ended)
    try {
      for await (const line of client.logs({
        name,
        namespace,
        container: containers.value,
        follow: 'restarts',
        tailLines: TAIL_LINES,
        signal: ended,
      }))
        lines.add(line)
      write(state, 'The log has ended.')
    } catch (error) {
      if (!ended.aborted) write(state, `The log cannot be read: ${messageOf(error)}.`)
    }
  }
  containers.addEventListener('change', () => void read())
  void read()
  return () => undefined
}

function containersOf({ entry }: Subject): string[] {
  return ((entry.object as Pod).spec?.containers ?? []).map(({ name }) => name)
}

/** Appends lines before the next frame, and keeps the last ones. Stays at the end unless the reader has scrolled away. */
function lineBuffer(text: HTMLElement, signal: AbortSignal): { add(line: string): void } {
  let added: string[] = []
  return {
    add(line) {
      added.push(line)
      if (added.length > 1) return
      requestAnimationFrame(() => {
        const isAtEnd = text.scrollTop + text.clientHeight >= text.scrollHeight - 4
        if (!signal.aborted) text.append(...added.slice(-MAX_LINES).map((each) => create('span', { textContent: `${each}\n` })))
        added = []
        while (text.childElementCount > MAX_LINES) text.firstElementChild?.remove()
        if (isAtEnd) text.scrollTop = text.scrollHeight
      })
    },
  }
}
