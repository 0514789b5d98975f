import type { KubeObject } from '../../src/api/object'
import { type Entry, entryFromText } from '../../src/codec/entry'
import type { StoreUpdate } from '../../src/store/changes'
import type { Store } from '../../src/store/store'

/** An entry, as far as a test cares: of version 1 and with a uid made of its name, unless told otherwise. */
export function entry(
  name: string,
  { rv = '1', uid = `uid-${name}`, text }: { rv?: string; uid?: string; text?: string } = {},
): Entry<KubeObject> {
  const metadata = JSON.stringify({ name, namespace: 'n', uid, resourceVersion: rv })
  return entryFromText(text ?? `{"kind":"Pod","apiVersion":"v1","metadata":${metadata}}`)
}

/** An entry whose text turns out not to be JSON when it is read. */
export function unreadable(name: string): Entry<KubeObject> {
  return entryFromText(
    `{"kind":"Pod","apiVersion":"v1","metadata":{"name":"${name}","namespace":"n","uid":"uid-${name}","resourceVersion":"1"},"spec":tru}`,
  )
}

/** One line for each change: `added a`, `updated a 1→2`, … */
export function lines({ changes }: StoreUpdate<KubeObject>): string[] {
  return changes.map(
    (change) =>
      `${change.type} ${change.entry.name}${change.type === 'updated' ? ` ${change.previous.resourceVersion}→${change.entry.resourceVersion}` : ''}`,
  )
}

/** Listens to a store; gives `type version: change, change` for each update. */
export function record(store: Store<KubeObject>): string[] {
  const seen: string[] = []
  store.subscribe((update) => void seen.push(`${update.type} ${update.resourceVersion}: ${lines(update).join(', ')}`))
  return seen
}
