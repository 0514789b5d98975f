// Generates deterministic random numbers and name suffixes.

/** A deterministic random number generator: the same seed gives the same sequence. */
export interface Random {
  /** Returns a number of at least 0 and less than 1. */
  next(): number
  /** Returns an integer of at least 0 and less than `bound`. */
  below(bound: number): number
}

/** Creates a generator (mulberry32), fast and good enough for test data. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000
  }
  return { next, below: (bound) => Math.floor(next() * bound) }
}

// Kubernetes excludes vowels and ambiguous characters.
const SUFFIX_LETTERS = 'bcdfghjklmnpqrstvwxz2456789'

/** Returns a suffix like those that the server appends to `generateName`. */
export function randomSuffix(random: Random, length = 5): string {
  return Array.from({ length }, () => SUFFIX_LETTERS[random.below(SUFFIX_LETTERS.length)]).join('')
}
