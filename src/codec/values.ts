// Reads several values of a JSON object in one pass over its text.

import { forEachKey, OPEN_BRACE, STOP, skipSpace, skipValue, stringAt } from './scan'

/** A member to look for in an object. */
interface Wanted {
  readonly name: string
  /** The place of the value in the result; undefined when only its members are wanted. */
  place: number | undefined
  readonly members: Wanted[]
  /** The number of places in it, its own included. */
  places: number
}

/**
 * Compiles paths into a function that finds their values in one pass over a text, which ends as soon as each is found or known to be
 * absent. Parses nothing else.
 *
 * @param paths the member names that lead to each value.
 * @returns a function that returns the values in the order of the paths; undefined for those that are absent. Of members that appear twice,
 *   the first counts. Throws a SyntaxError when the text ends too soon, or a value is not JSON.
 */
export function valuesReader(paths: readonly (readonly string[])[]): (text: string) => unknown[] {
  const root: Wanted = { name: '', place: undefined, members: [], places: 0 }
  const places = paths.map((path) => {
    const steps = [root]
    let member = root
    for (const name of path) {
      member = memberOf(member, name)
      steps.push(member)
    }
    if (member.place === undefined) {
      member.place = root.places
      for (const step of steps) step.places++
    }
    return member.place
  })
  return (text) => {
    const pass = new Pass(text, root.places)
    pass.take(skipSpace(text, 0), root)
    return places.map((place) => pass.values[place])
  }
}

function memberOf({ members }: Wanted, name: string): Wanted {
  const known = members.find((member) => member.name === name)
  if (known) return known
  const member: Wanted = { name, place: undefined, members: [], places: 0 }
  members.push(member)
  return member
}

/** One pass over a text. */
class Pass {
  readonly values: unknown[]
  readonly #text: string
  /** Members that appear twice are not read a second time. */
  readonly #seen: Wanted[] = []
  /** Whether a name may be written with escapes. Most texts have none, and names are compared where they stand. */
  readonly #hasEscapes: boolean
  #missing: number

  constructor(text: string, count: number) {
    this.values = new Array(count)
    this.#text = text
    this.#hasEscapes = text.includes('\\')
    this.#missing = count
  }

  /** Reads what is wanted of the value at an index. Returns its end, or {@link STOP} when nothing is missing any more. */
  take(at: number, { place, members, places }: Wanted): number {
    const text = this.#text
    const others = this.#missing - places
    let end: number | undefined
    if (members.length > 0 && text.charCodeAt(at) === OPEN_BRACE) {
      end = forEachKey(text, at, (keyStart, keyEnd, start) => {
        const member = this.#find(members, keyStart, keyEnd - 1)
        return member ? this.take(start, member) : skipValue(text, start)
      })
      if (end === STOP) return STOP
    }
    end ??= skipValue(text, at)
    if (place !== undefined) this.values[place] = JSON.parse(text.slice(at, end))
    // Members that were not found are absent.
    this.#missing = others
    return others === 0 ? STOP : end
  }

  #find(members: readonly Wanted[], start: number, end: number): Wanted | undefined {
    const text = this.#text
    const name = this.#hasEscapes && text.slice(start, end).includes('\\') ? stringAt(text, start) : undefined
    for (const member of members) {
      const is =
        name === undefined ? member.name.length === end - start - 1 && text.startsWith(member.name, start + 1) : member.name === name
      if (!is || this.#seen.includes(member)) continue
      this.#seen.push(member)
      return member
    }
    return undefined
  }
}
