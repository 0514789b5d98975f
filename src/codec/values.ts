// Reads several values of a JSON object in one pass over its text.

import { CLOSE_BRACE, COLON, COMMA, closingQuote, OPEN_BRACE, QUOTE, STOP, skipSpace, skipValue, stringAt } from './scan'

/** A member to look for in an object. */
interface Wanted {
  readonly name: string
  /** The place of the value in the result; undefined when only its members are wanted. */
  place: number | undefined
  readonly members: Wanted[]
}

/**
 * Compiles paths into a function that finds their values in one pass over a text, which ends at the last of them. Parses nothing else.
 *
 * @param paths the member names that lead to each value.
 * @returns a function that returns the values in the order of the paths; undefined for those that are absent. Of members that appear twice,
 *   the first counts. Throws a SyntaxError when the text ends too soon, or a value is not JSON.
 */
export function valuesReader(paths: readonly (readonly string[])[]): (text: string) => unknown[] {
  const root: Wanted = { name: '', place: undefined, members: [] }
  let count = 0
  const places = paths.map((path) => {
    const member = path.reduce(memberOf, root)
    member.place ??= count++
    return member.place
  })
  return (text) => {
    const pass = new Pass(text, count)
    pass.take(skipSpace(text, 0), root)
    return places.map((place) => pass.values[place])
  }
}

function memberOf({ members }: Wanted, name: string): Wanted {
  const known = members.find((member) => member.name === name)
  if (known) return known
  const member: Wanted = { name, place: undefined, members: [] }
  members.push(member)
  return member
}

/** One pass over a text. */
class Pass {
  readonly values: unknown[]
  readonly #text: string
  /** Members that appear twice are not read a second time. */
  readonly #seen = new Set<Wanted>()
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
  take(at: number, { place, members }: Wanted): number {
    const text = this.#text
    let end: number | undefined
    if (members.length > 0 && text.charCodeAt(at) === OPEN_BRACE) end = this.#walk(at, members)
    if (place === undefined) return end ?? skipValue(text, at)
    end ??= skipValue(text, at)
    this.values[place] = JSON.parse(text.slice(at, end))
    return --this.#missing === 0 ? STOP : end
  }

  #walk(at: number, members: readonly Wanted[]): number {
    const text = this.#text
    let i = skipSpace(text, at + 1)
    if (text.charCodeAt(i) === CLOSE_BRACE) return i + 1
    for (;;) {
      if (text.charCodeAt(i) !== QUOTE) throw new SyntaxError(`expected a key at ${i}`)
      const end = closingQuote(text, i + 1)
      const colon = skipSpace(text, end + 1)
      if (end < 0 || text.charCodeAt(colon) !== COLON) throw new SyntaxError(`expected a colon at ${colon}`)
      const member = this.#find(members, i, end)
      const start = skipSpace(text, colon + 1)
      i = member ? this.take(start, member) : skipValue(text, start)
      if (i === STOP) return STOP
      i = skipSpace(text, i)
      const code = text.charCodeAt(i)
      if (code === CLOSE_BRACE) return i + 1
      if (code !== COMMA) throw new SyntaxError(`expected a comma or the object's end at ${i}`)
      i = skipSpace(text, i + 1)
    }
  }

  #find(members: readonly Wanted[], start: number, end: number): Wanted | undefined {
    const text = this.#text
    const name = this.#hasEscapes && text.slice(start, end).includes('\\') ? stringAt(text, start) : undefined
    for (const member of members) {
      const is =
        name === undefined ? member.name.length === end - start - 1 && text.startsWith(member.name, start + 1) : member.name === name
      if (!is || this.#seen.has(member)) continue
      this.#seen.add(member)
      return member
    }
    return undefined
  }
}
