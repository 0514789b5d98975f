// The last changes of a feed. Values of Secrets are never given out.

import { type Entry, readValue } from '../codec/entry'
import { parseJson } from '../codec/json'
import type { StoreChange } from '../store/changes'
import { type Difference, diff } from '../view/diff'

/** A change of one object. */
export interface InspectedChange {
  readonly feed: string
  /** The time of the change, in milliseconds since the epoch. */
  readonly time: number
  readonly type: 'added' | 'updated' | 'deleted'
  readonly key: string
  readonly resourceVersion: string
  /** Whether the object is a Secret, whose values are not given out. */
  readonly isSecret: boolean
  /** The parts that changed; empty for an added or deleted object. Computed when it is read first. Of Secrets: the paths only. */
  readonly differences: readonly Difference[]
}

/** Stands in place of a value of a Secret. */
const HIDDEN = '…'

/** Makes the record of a change. It keeps the texts until the record is dropped. */
export function inspectedChange<T>(
  change: Exclude<StoreChange<T>, { readonly type: 'resynced' }>,
  at: Pick<InspectedChange, 'feed' | 'time' | 'key'>,
): InspectedChange {
  const { type, entry } = change
  let isSecret: boolean | undefined
  let found: readonly Difference[] | undefined
  return {
    ...at,
    type,
    resourceVersion: entry.resourceVersion,
    get isSecret() {
      isSecret ??= isSecretEntry(entry)
      return isSecret
    },
    get differences() {
      found ??= type === 'updated' ? differencesOf(change.previous, entry, this.isSecret) : []
      return found
    },
  }
}

function isSecretEntry(entry: Entry<unknown>): boolean {
  try {
    const [kind, apiVersion] = [readValue(entry, ['kind']), readValue(entry, ['apiVersion'])]
    // An object without a kind may be one.
    return kind === undefined || (kind === 'Secret' && apiVersion === 'v1')
  } catch {
    return true
  }
}

function differencesOf(previous: Entry<unknown>, entry: Entry<unknown>, isSecret: boolean): readonly Difference[] {
  try {
    // The texts are parsed apart from the entries, whose parses are counted.
    const found = diff(parseJson(previous.text), parseJson(entry.text))
    return isSecret ? found.map(({ before, after, ...rest }) => ({ ...rest, before: hidden(before), after: hidden(after) })) : found
  } catch {
    return []
  }
}

const hidden = (value: unknown): unknown => (value === undefined ? undefined : HIDDEN)
