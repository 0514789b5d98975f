// Reads the managers of an object's fields, which informers drop.
import type { KubeObject } from 'kubeflect'
import { type FieldOwner, ownersOf } from 'kubeflect/live'
import { type PanelContext, placeOf, type Subject } from './panel.ts'

/** Owners by path. */
export type Managers = ReadonlyMap<string, readonly FieldOwner[]>

/** The shortest time between two reads, in milliseconds. */
const READ_MS = 2000

/**
 * Reads the managers of an object again when its version has changed.
 *
 * @param onRead called with the managers, and the object that they belong to.
 * @returns the function that takes each version.
 */
export function followManagers(
  { client, signal }: Pick<PanelContext, 'client'> & { signal: AbortSignal },
  onRead: (managers: Managers, object: KubeObject) => void,
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
      const object = await client.get(subject.resource, name, { ...place, signal })
      onRead(ownersOf(object), object)
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
