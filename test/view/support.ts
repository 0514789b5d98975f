import type { KubeObject } from '../../src/api/object'
import { type Entry, entryFromObject, entryFromText } from '../../src/codec/entry'

/** An object with something to sort by, to search in and to select. */
export interface Thing extends KubeObject {
  readonly size?: number | undefined
  readonly title?: string | undefined
}

interface ThingOptions {
  rv?: string
  uid?: string
  labels?: Record<string, string>
  size?: number | undefined
  title?: string | undefined
}

/** An entry of namespace `n`, unless the name says otherwise, as `ns/name`. */
export function thing(key: string, { rv = '1', uid = `uid-${key}`, labels, ...rest }: ThingOptions = {}): Entry<Thing> {
  const [name = '', namespace = 'n'] = key.split('/').reverse()
  return entryFromObject<Thing>({ metadata: { name, namespace, uid, resourceVersion: rv, ...(labels && { labels }) }, ...rest })
}

/** An entry of namespace `n` whose text turns out not to be JSON when it is read, its labels for one. */
export function broken(name: string): Entry<Thing> {
  return entryFromText(`{"metadata":{"name":"${name}","namespace":"n","uid":"uid-n/${name}","resourceVersion":"1","labels":{"app":tru}}}`)
}

export const put = (...entries: Entry<Thing>[]): { type: 'MODIFIED'; entry: Entry<Thing> }[] =>
  entries.map((entry) => ({ type: 'MODIFIED', entry }))
export const gone = (...entries: Entry<Thing>[]): { type: 'DELETED'; entry: Entry<Thing> }[] =>
  entries.map((entry) => ({ type: 'DELETED', entry }))

/** `a b c` */
export const names = (entries: readonly Entry<Thing>[]): string => entries.map(({ name }) => name).join(' ')
