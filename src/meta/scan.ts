/**
 * A scanner that finds where the parts of a JSON text are without parsing them, so that an object can be cut out of what the
 * server sent, byte for byte. It does not validate: what lies inside a skipped value is looked at when somebody reads it. What it
 * cannot make sense of throws a SyntaxError.
 */

// The characters that JSON's structure is made of, as UTF-16 code units, which are their bytes in UTF-8 as well.
export const QUOTE: number = 0x22
export const COMMA: number = 0x2c
export const COLON: number = 0x3a
export const OPEN_BRACKET: number = 0x5b
export const BACKSLASH: number = 0x5c
export const CLOSE_BRACKET: number = 0x5d
export const OPEN_BRACE: number = 0x7b
export const CLOSE_BRACE: number = 0x7d
const MINUS = 0x2d
const ZERO = 0x30
const NINE = 0x39

/** What a visitor returns to end the walk at once. */
export const STOP = -1

/**
 * Looks at a member of an object: its key, where its value starts and where its key's quote is.
 *
 * @returns where the value ends ({@link skipValue}, or what a walk of the value itself returned), or {@link STOP}.
 */
export type MemberVisitor = (key: string, start: number, keyStart: number) => number

/** Members whose values are strings: of each its key, and how it begins where nobody adds white space, such as `"name":"`. */
export type StringMembers<K extends string> = readonly (readonly [key: K, opening: string])[]

/** Members with these keys, whose values are strings. */
export function stringMembers<K extends string>(...keys: readonly K[]): StringMembers<K> {
  return keys.map((key) => [key, `"${key}":"`])
}

/** Members in the order in which they are expected, and where their values go. */
export interface LeadingStrings<K extends string> {
  readonly members: StringMembers<K>
  readonly into: Record<K, string>
}

/**
 * Visits each member of the object that starts at `at`, in the order of the text.
 *
 * @param leading not visited where they come first, in this order, and are written as expected: reading them so takes a fraction of the time.
 * @returns the index just past the object, or {@link STOP} when the visitor stopped.
 * @throws SyntaxError when there is no object at `at`, or the text ends inside it.
 */
export function forEachMember<K extends string>(text: string, at: number, visit: MemberVisitor, leading?: LeadingStrings<K>): number {
  if (text.charCodeAt(at) !== OPEN_BRACE) throw new SyntaxError(`expected an object at ${at}`)
  const first = leading ? readLeading(text, at + 1, leading) : at + 1
  let i = skipSpace(text, first)
  if (first === at + 1 && text.charCodeAt(i) === CLOSE_BRACE) return i + 1
  for (;;) {
    if (text.charCodeAt(i) !== QUOTE) throw new SyntaxError(`expected a key at ${i}`)
    const keyStart = i
    const keyEnd = skipString(text, i)
    i = skipSpace(text, keyEnd)
    if (text.charCodeAt(i) !== COLON) throw new SyntaxError(`expected a colon at ${i}`)
    i = visit(unquote(text, keyStart, keyEnd), skipSpace(text, i + 1), keyStart)
    if (i === STOP) return STOP
    i = skipSpace(text, i)
    const code = text.charCodeAt(i)
    if (code === CLOSE_BRACE) return i + 1
    if (code !== COMMA) throw new SyntaxError(`expected a comma or the object's end at ${i}`)
    i = skipSpace(text, i + 1)
  }
}

/** Reads what is as expected; returns where the key of the first other member has to stand. */
function readLeading<K extends string>(text: string, at: number, { members, into }: LeadingStrings<K>): number {
  let i = at
  for (const [key, opening] of members) {
    if (!text.startsWith(opening, i)) continue
    const start = i + opening.length
    const end = text.indexOf('"', start)
    const value = text.slice(start, end)
    if (text.charCodeAt(end + 1) !== COMMA || value.includes('\\')) break
    into[key] = value
    i = end + 2
  }
  return i
}

/** The index of the first character at or after `at` that is not white space. */
export function skipSpace(text: string, at: number): number {
  let i = at
  for (;;) {
    const code = text.charCodeAt(i)
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return i
    i++
  }
}

/**
 * The index just past the value that starts at `at`.
 *
 * @throws SyntaxError when the text ends inside the value, or there is none.
 */
export function skipValue(text: string, at: number): number {
  let depth = 0
  for (let i = at; i < text.length; ) {
    const code = text.charCodeAt(i)
    if (code === QUOTE) {
      i = skipString(text, i)
      if (depth === 0) return i
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      depth++
      i++
    } else if (depth === 0) {
      return skipScalar(text, i)
    } else {
      i++
      if ((code === CLOSE_BRACE || code === CLOSE_BRACKET) && --depth === 0) return i
    }
  }
  throw new SyntaxError('the text ends inside a value')
}

/**
 * As {@link skipValue}, and much faster for a long array of objects in which there is no other array, as `metadata.managedFields` is: its end is the
 * first `]`. That it is no character of a string is known from the key that follows: an unescaped quote with a letter behind it opens a string, so what
 * stands before it is in none. Where anything is otherwise, the value is walked through.
 */
export function skipObjects(text: string, at: number): number {
  const close = text.indexOf(']', at)
  let next = close + 1
  while (text.charCodeAt(next) === CLOSE_BRACE) next++
  const isEnd =
    text.charCodeAt(at) === OPEN_BRACKET &&
    text.charCodeAt(close - 1) === CLOSE_BRACE &&
    text.charCodeAt(next) === COMMA &&
    text.charCodeAt(next + 1) === QUOTE &&
    isLetter(text.charCodeAt(next + 2))
  if (!isEnd) return skipValue(text, at)
  const other = text.indexOf('[', at + 1)
  return other >= 0 && other < close ? skipValue(text, at) : close + 1
}

function isLetter(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a)
}

/** The string whose literal starts at `at`; undefined when another kind of value stands there. */
export function stringAt(text: string, at: number): string | undefined {
  return text.charCodeAt(at) === QUOTE ? unquote(text, at, skipString(text, at)) : undefined
}

/** The string or the number whose literal starts at `at`, as text; undefined when another kind of value stands there. */
export function scalarAt(text: string, at: number): string | undefined {
  const literal = stringAt(text, at)
  if (literal !== undefined) return literal
  const code = text.charCodeAt(at)
  return code === MINUS || (code >= ZERO && code <= NINE) ? text.slice(at, skipScalar(text, at)) : undefined
}

/**
 * The value at a path of members of a JSON object, of which nothing else is parsed; undefined when there is none.
 *
 * @throws SyntaxError when the text ends too soon, or the value is not JSON.
 */
export function valueAt(text: string, path: readonly string[]): unknown {
  let at = skipSpace(text, 0)
  for (const wanted of path) {
    if (text[at] !== '{') return undefined
    let found = STOP
    forEachMember(text, at, (key, start) => {
      if (key !== wanted) return skipValue(text, start)
      found = start
      return STOP
    })
    if (found === STOP) return undefined
    at = found
  }
  return JSON.parse(text.slice(at, skipValue(text, at)))
}

/**
 * The index of the quote that ends the string in which `from` lies; -1 when the text ends first. Engines search much faster than a loop
 * that looks at every character.
 */
export function closingQuote(text: string, from: number): number {
  for (let end = text.indexOf('"', from); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++
    if (backslashes % 2 === 0) return end
  }
  return -1
}

/** The index just past the string whose opening quote is at `at`. */
function skipString(text: string, at: number): number {
  const end = closingQuote(text, at + 1)
  if (end < 0) throw new SyntaxError('the text ends inside a string')
  return end + 1
}

function skipScalar(text: string, at: number): number {
  let i = at
  for (; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET || code <= 0x20) break
  }
  if (i === at) throw new SyntaxError(`expected a value at ${at}`)
  return i
}

function unquote(text: string, start: number, end: number): string {
  const inner = text.slice(start + 1, end - 1)
  return inner.includes('\\') ? (JSON.parse(text.slice(start, end)) as string) : inner
}
