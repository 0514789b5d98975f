import { createRandom, type Random } from '../../src/testing/random'

/** One change of an object; `put` creates it or changes it. */
export interface Change {
  readonly do: 'put' | 'delete' | 'recreate'
  readonly name: string
  /** Enters and leaves the selector, if there is one. */
  readonly app: 'web' | 'db'
}

/** What happens to the connections while objects change. */
export type Trouble =
  /** Nothing: the changes are watched as they happen. */
  | 'none'
  /** All connections are lost, and there again after the changes. */
  | 'disconnect'
  /** The same, and the new watch is lost as well, in the midst of its second event. */
  | 'torn'
  /** The server forgets what happened meanwhile: an ERROR event with 410. */
  | 'compacted'
  /** The same, told by the status of the answer, as proxies do; or of the list that follows as well. */
  | 'gone'
  | 'list refused'
  /** The server starts again in the midst of the changes. */
  | 'restart'
  /** Some of the changes arrive by the new watch, then an ERROR event with that code, or a line that is none. */
  | 'error 410'
  | 'error 429'
  | 'error 500'
  | 'error 504'
  | 'malformed'

/** What happens until all informers have come to rest again. */
export interface Phase {
  readonly trouble: Trouble
  readonly changes: readonly Change[]
  /** How many events of the new watch arrive before a trouble that comes in the midst of them. */
  readonly afterEvents: number
}

/** All that happens, and how the collection is read. */
export interface History {
  readonly labelSelector: string
  /** Whether the server serves streamed lists. */
  readonly watchList: 'supported' | 'refused'
  readonly beforehand: readonly Change[]
  readonly phases: readonly Phase[]
}

/** client-go answers these at once. */
const QUICK: readonly Trouble[] = ['none', 'none', 'disconnect', 'torn']
/** Before these client-go waits, each time longer: 0.8 to 1.6 s, 1.6 to 3.2 s, 3.2 to 6.4 s. */
export const SLOW: readonly Trouble[] = [
  'compacted',
  'error 429',
  'restart',
  'gone',
  'error 500',
  'error 410',
  'list refused',
  'error 504',
  'malformed',
]
const SLOW_PER_HISTORY = 3
const PHASES = 14
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f']

/** Whether client-go lists anew after a trouble. */
export function relists(trouble: Trouble): boolean {
  return trouble !== 'error 429' && SLOW.includes(trouble)
}

/** Makes a history. The same seed makes the same one, and any three seeds in a row have each trouble in them. */
export function historyOf(seed: number): History {
  const random = createRandom(seed)
  const slow = Array.from({ length: SLOW_PER_HISTORY }, (_, index) => SLOW[(seed * SLOW_PER_HISTORY + index) % SLOW.length])
  const troubles = Array.from({ length: PHASES - SLOW_PER_HISTORY }, () => pick(random, QUICK))
  for (const trouble of slow) troubles.splice(random.below(troubles.length + 1), 0, trouble as Trouble)
  return {
    labelSelector: random.below(2) === 0 ? '' : 'app=web',
    watchList: random.below(4) === 0 ? 'refused' : 'supported',
    beforehand: changes(random, 6),
    phases: troubles.map((trouble) => ({
      trouble,
      // An error of the server's is met with a list by client-go, with another watch by kubeflect (†18): of changes that were missed the two would
      // see different parts.
      changes: trouble === 'error 500' ? [] : changes(random, 10),
      afterEvents: trouble === 'error 500' ? 0 : random.below(4),
    })),
  }
}

function changes(random: Random, most: number): Change[] {
  return Array.from({ length: 1 + random.below(most) }, () => ({
    do: pick(random, ['put', 'put', 'put', 'delete', 'recreate'] as const),
    name: pick(random, NAMES),
    app: pick(random, ['web', 'web', 'db'] as const),
  }))
}

function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[random.below(choices.length)] as T
}
