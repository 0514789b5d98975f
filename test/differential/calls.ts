/** What names one version of an object. */
export interface Version {
  readonly key: string
  readonly uid: string
  readonly resourceVersion: string
}

/** One call of an event handler; written by `reference/main.go` in just this form. */
export type Call =
  | { readonly call: 'add'; readonly object: Version; readonly isInInitialList?: boolean }
  | { readonly call: 'update'; readonly object: Version; readonly previous: Version }
  /** `finalStateUnknown`: client-go handed over a `DeletedFinalStateUnknown`. */
  | { readonly call: 'delete'; readonly object: Version; readonly finalStateUnknown?: boolean }

/** A call in one line, to compare and to read: `+shop/a uid-1@5 initial`, `~shop/a uid-1@6 was uid-1@5`, `-shop/a uid-1@7`. */
export function callText(call: Call): string {
  const { key, uid, resourceVersion } = call.object
  const version = `${key} ${uid}@${resourceVersion}`
  if (call.call === 'add') return `+${version}${call.isInInitialList ? ' initial' : ''}`
  if (call.call === 'delete') return `-${version}${call.finalStateUnknown ? ' final state unknown' : ''}`
  return `~${version} was ${call.previous.uid}@${call.previous.resourceVersion}`
}

/** A store in lines, sorted. */
export function storeText(store: readonly Version[]): string[] {
  return store.map(({ key, uid, resourceVersion }) => `${key} ${uid}@${resourceVersion}`).sort()
}

/**
 * All that kubeflect does otherwise than client-go when a list replaces what it had, on purpose. Each entry makes of client-go's call what
 * kubeflect does in its place, and leaves calls alone that it is not about.
 */
const differences: Readonly<Record<string, (call: Call) => readonly Call[] | undefined>> = {
  '†34: another uid under the same name is a delete and an add, not an update': (call) => {
    if (call.call !== 'update' || call.previous.uid === call.object.uid) return undefined
    return [
      { call: 'delete', object: call.previous },
      { call: 'add', object: call.object },
    ]
  },
  '†39: an object at the version the store has is not told of': (call) =>
    call.call === 'update' && call.previous.resourceVersion === call.object.resourceVersion ? [] : undefined,
  'a delete that was missed is told as any other: with the object, in its last known state': (call) =>
    call.call === 'delete' && call.finalStateUnknown ? [{ call: 'delete', object: call.object }] : undefined,
}

/** The names of all differences there are. */
export const differenceNames: readonly string[] = Object.keys(differences)

/**
 * Makes of client-go's calls, of a time in which it has listed, what kubeflect's are expected to be.
 *
 * @param onDifference is told which of the differences were there.
 */
export function translate(calls: readonly Call[], onDifference: (name: string) => void): Call[] {
  return calls.flatMap((call) => {
    for (const [name, change] of Object.entries(differences)) {
      const changed = change(call)
      if (!changed) continue
      onDifference(name)
      return changed
    }
    return [call]
  })
}

/** Calls in lines, by the key of their object: within one list, objects come in no particular order. */
export function byKey(calls: readonly Call[]): string[][] {
  const keys = [...new Set(calls.map(({ object }) => object.key))].sort()
  return keys.map((key) => calls.filter(({ object }) => object.key === key).map(callText))
}
