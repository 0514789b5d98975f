// Encodes and checks the segments of URL paths, so that no value can lead to another resource.

/**
 * Encodes one segment of a URL path. Every path of the library consists of such segments, whether a value comes from the caller, a
 * discovery document or an object.
 *
 * @param value the segment. Rejected when it could lead to another resource, or cannot be a name: see {@link pathSegmentProblem}.
 * @param what the segment's description in the error, such as `the namespace`.
 * @throws TypeError that describes the problem with the value.
 */
export function pathSegment(value: unknown, what: string): string {
  const problem = pathSegmentProblem(value)
  if (problem) throw new TypeError(`${what} ${problem}`)
  return encodeURIComponent(value as string)
}

/**
 * Describes why a value cannot be a path segment. API servers reject `.`, `..`, `/` and `%` in every name. Backslashes and control
 * characters are rejected as well: browsers and proxies treat a backslash as a slash and end a path at a NUL. A character that
 * compatibility normalization (NFKC) turns into one of these is treated the same.
 *
 * @returns the predicate of a sentence whose subject is the segment; undefined when the value is valid.
 * @see apimachinery `content.IsPathSegmentName`
 */
export function pathSegmentProblem(value: unknown): string | undefined {
  if (typeof value !== 'string') return `must be a string, got ${shown(value)}`
  if (value === '') return 'is empty'
  const plain = value.normalize('NFKC')
  if (plain === '.' || plain === '..') return `must not be ${shown(plain)}, which leads to another path`
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern searches for control characters.
  const found = /[/\\%\u0000-\u001f\u007f-\u009f]/.exec(plain)?.[0]
  if (found) return `must not contain ${shown(found)}, got ${shown(value)}`
  // A lone surrogate cannot be encoded.
  if (/\p{Cs}/u.test(value)) return `must be well-formed Unicode, got ${shown(value)}`
  return undefined
}

/**
 * Checks that a path stays below the base URL it is appended to.
 *
 * @throws TypeError when the path begins with a slash, or has a backslash, a control character, or a segment `.` or `..`, encoded or not.
 */
export function checkPath(path: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern searches for control characters.
  if (/^\/|[\\\u0000-\u001f\u007f]|(?:^|\/)(?:\.|%2e){1,2}(?:[/?#]|$)/i.test(path)) {
    throw new TypeError(`the path ${shown(path)} leaves the base URL: write it without a leading slash, '..' or '\\'`)
  }
}

const LONGEST_SHOWN = 100

/** Formats a value for a message: control characters escaped, about 100 characters at most. */
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
