// Reads the managers of an object's fields, which informers drop.
import { type FieldOwner, ownersOf } from 'kubeflect/live'
import { type PanelContext, placeOf, type Subject } from './panel.ts'

/** Owners by path. */
export type Managers = ReadonlyMap<string, readonly FieldOwner[]>

/** The shortest time between two reads, in milliseconds. */
const READ_MS = 2000

/**
 * Draws each version of an object with the managers that its fields have, as far as they are known.
 *
 * @returns the function that takes each version.
 */
export function drawWithManagers(
  first: Subject,
  context: Pick<PanelContext, 'client'> & { signal: AbortSignal },
  draw: (subject: Subject, managers: Managers) => void,
): (next: Subject) => void {
  let subject = first
  let managers: Managers = new Map()
  const follow = followManagers(context, (read) => {
    managers = read
    draw(subject, managers)
  })
  const show = (next: Subject) => {
    subject = next
    follow(next)
    draw(subject, managers)
  }
  show(first)
  return show
}

/**
 * Reads the managers of an object again when its version has changed.
 *
 * @returns the function that takes each version.
 */
function followManagers(
  { client, signal }: Pick<PanelContext, 'client'> & { signal: AbortSignal },
  onRead: (managers: Managers) => void,
): (subject: Subject) => void {
  let wanted: Subject | undefined
  let known = ''
  let timer: ReturnType<typeof setTimeout> | undefined
  const read = async () => {
    const subject = wanted
    if (!subject || subject.entry.resourceVersion === known) {
      timer = undefined
      return
    }
    known = subject.entry.resourceVersion
    timer = setTimeout(read, READ_MS)
    try {
      const { name, ...place } = placeOf(subject)
      onRead(ownersOf(await client.get(subject.resource, name, { ...place, signal })))
    } catch {
      // A deleted object has no managers to read; the drawer says that it is gone.
    }
  }
  signal.addEventListener('abort', () => clearTimeout(timer))
  return (subject) => {
    wanted = subject
    if (timer === undefined) void read()
  }
}
