/**
 * Encodes one segment of a URL's path. Every path that the library makes is made of these, wherever the value comes from: a caller, a discovery
 * document or an object of the server.
 *
 * @param value refused when it could lead to another resource, or could not be the name of one: see {@link pathSegmentProblem}.
 * @param what names the segment in the error: `the namespace`.
 * @throws TypeError naming what was wrong with the value.
 */
export function pathSegment(value: unknown, what: string): string {
  const problem = pathSegmentProblem(value)
  if (problem) throw new TypeError(`${what} ${problem}`)
  return encodeURIComponent(value as string)
}

/**
 * Says why a value cannot be one segment of a path. API servers refuse `.`, `..`, `/` and `%` in every name; a backslash and control characters
 * are refused as well, since browsers and proxies take a backslash for a slash and end a path at a NUL. A character that Unicode's compatibility
 * normalization (NFKC) turns into one of these counts as it.
 *
 * @returns the end of a sentence whose subject is the segment; undefined when the value is fine.
 * @see apimachinery `content.IsPathSegmentName`
 */
export function pathSegmentProblem(value: unknown): string | undefined {
  if (typeof value !== 'string') return `must be a string, got ${shown(value)}`
  if (value === '') return 'is empty'
  const plain = value.normalize('NFKC')
  if (plain === '.' || plain === '..') return `must not be ${shown(plain)}, which leads to another path`
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  const found = /[/\\%\u0000-\u001f\u007f-\u009f]/.exec(plain)?.[0]
  if (found) return `must not contain ${shown(found)}, got ${shown(value)}`
  // Half of a surrogate pair cannot be encoded.
  if (/\p{Cs}/u.test(value)) return `must be well-formed Unicode, got ${shown(value)}`
  return undefined
}

/**
 * Checks a path before it is put behind a base URL: it must stay below it.
 *
 * @throws TypeError when it begins with a slash, or has a backslash, a control character or a segment `.` or `..`, encoded or not.
 */
export function checkPath(path: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  if (/^\/|[\\\u0000-\u001f\u007f]|(?:^|\/)(?:\.|%2e){1,2}(?:[/?#]|$)/i.test(path)) {
    throw new TypeError(
      `the path ${shown(path)} would lead elsewhere than below the base URL: write it without a leading slash, '..' or '\\'`,
    )
  }
}

const LONGEST_SHOWN = 100

/** A value as messages show it: control characters escaped, at most about 100 characters. */
export function shown(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'function') return 'a function'
  const text = jsonOf(value) ?? String(value)
  return (text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text).replaceAll(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}
