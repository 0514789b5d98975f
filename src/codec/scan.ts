// Scans JSON text for the positions of its parts without parsing them, so that an object can be cut out of a response byte for byte. Does
// not validate: the content of a skipped value is checked when it is read. Throws a SyntaxError when the structure is broken.

// The structural characters of JSON as UTF-16 code units, which equal their UTF-8 bytes.
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

/** Returned by a visitor to end the walk at once. */
export const STOP = -1

/**
 * Visits a member of an object, given its key, the start of its value, and the position of the key's opening quote.
 *
 * @returns the end of the value (from {@link skipValue}, or from a nested walk), or {@link STOP}.
 */
export type MemberVisitor = (key: string, start: number, keyStart: number) => number

/** Members with string values: each key, and how the member begins when written without white space, such as `"name":"`. */
export type StringMembers<K extends string> = readonly (readonly [key: K, opening: string])[]

/** Describes members with these keys and string values. */
export function stringMembers<K extends string>(...keys: readonly K[]): StringMembers<K> {
  return keys.map((key) => [key, `"${key}":"`])
}

/** Members in the expected order, and the object that receives their values. */
export interface LeadingStrings<K extends string> {
  readonly members: StringMembers<K>
  readonly into: Record<K, string>
}

/**
 * Visits each member of the object that starts at `at`, in the order of the text.
 *
 * @param leading members that are read without visiting them where they come first, in this order and without white space. Much faster than
 *   visiting.
 * @returns the index just past the object, or {@link STOP} when the visitor stopped.
 * @throws SyntaxError when there is no object at `at`, or the text ends inside it.
 */
export function forEachMember<K extends string>(text: string, at: number, visit: MemberVisitor, leading?: LeadingStrings<K>): number {
  return forEachKey(text, at, (keyStart, keyEnd, start) => visit(unquote(text, keyStart, keyEnd), start, keyStart), leading)
}

/**
 * Visits a member of an object, given the range of its key, quotes included, and the start of its value.
 *
 * @returns as {@link MemberVisitor}.
 */
export type KeyVisitor = (keyStart: number, keyEnd: number, start: number) => number

/** Like {@link forEachMember}, without copying the keys. */
export function forEachKey<K extends string>(text: string, at: number, visit: KeyVisitor, leading?: LeadingStrings<K>): number {
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
    i = visit(keyStart, keyEnd, skipSpace(text, i + 1))
    if (i === STOP) return STOP
    i = skipSpace(text, i)
    const code = text.charCodeAt(i)
    if (code === CLOSE_BRACE) return i + 1
    if (code !== COMMA) throw new SyntaxError(`expected a comma or the object's end at ${i}`)
    i = skipSpace(text, i + 1)
  }
}

/** Reads the members that are written as expected. Returns the position at which the key of the next member must start. */
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

/** Returns the index of the first character at or after `at` that is not white space. */
export function skipSpace(text: string, at: number): number {
  let i = at
  for (;;) {
    const code = text.charCodeAt(i)
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return i
    i++
  }
}

/**
 * Returns the index just past the value that starts at `at`.
 *
 * @throws SyntaxError when the text ends inside the value, or there is no value.
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
 * Like {@link skipValue}, and much faster for a long array of objects without nested arrays, such as `metadata.managedFields`, which ends
 * at the first `]`. The key that follows proves that this bracket is not inside a string: an unescaped quote followed by a letter opens a
 * string, so the text before it is outside. Falls back to a full scan in all other cases.
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

/** Returns the string whose literal starts at `at`; undefined for any other kind of value. */
export function stringAt(text: string, at: number): string | undefined {
  return text.charCodeAt(at) === QUOTE ? unquote(text, at, skipString(text, at)) : undefined
}

/** Returns the string or number whose literal starts at `at`, as text; undefined for any other kind of value. */
export function scalarAt(text: string, at: number): string | undefined {
  const literal = stringAt(text, at)
  if (literal !== undefined) return literal
  const code = text.charCodeAt(at)
  return code === MINUS || (code >= ZERO && code <= NINE) ? text.slice(at, skipScalar(text, at)) : undefined
}

/**
 * Returns the value at a path of members of a JSON object, parsing only that value; undefined when it is absent.
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
 * Returns the index of the quote that closes the string around `from`; -1 when the text ends first. Uses `indexOf`, which is much faster
 * than a loop over characters.
 */
export function closingQuote(text: string, from: number): number {
  for (let end = text.indexOf('"', from); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++
    if (backslashes % 2 === 0) return end
  }
  return -1
}

/** Returns the index just past the string whose opening quote is at `at`. */
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
