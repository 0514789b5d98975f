// Validates headers without quoting their values, which may be credentials.

/**
 * Checks that a header can hold a value. The runtime's own errors quote the value, which may be a credential; this one names its origin.
 *
 * @param value an untrusted value.
 * @param origin the name of the value, which begins the message: `KubeClient: the token`.
 * @throws TypeError when the value is not a string, is empty, begins or ends with white space, or has a character that a header cannot
 *   hold.
 */
export function checkHeaderValue(value: unknown, origin: string): string {
  const problem = problemOf(value)
  if (problem) throw new TypeError(`${origin} ${problem}, so no HTTP header can carry it; its value is not shown`)
  return value as string
}

function problemOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return `is of type ${value === null ? 'null' : typeof value} instead of a string`
  if (!value.trim()) return 'is empty'
  if (/[\r\n]/.test(value)) return 'has a line break (a file that was read without trim()?)'
  if (value.trim() !== value) return 'begins or ends with white space'
  return characterProblem(value)
}

/** Says which character of a value no header can hold; undefined if there is none. Does not look for line breaks. */
export function characterProblem(value: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it detects them.
  if (/[\0-\x08\x0b-\x1f\x7f]/.test(value)) return 'has a control character'
  return /[^\0-\xff]/.test(value) ? 'has a character beyond Latin-1' : undefined
}

/**
 * Makes headers from a caller's values, and validates each.
 *
 * @param owner the name that begins messages, such as `KubeClient`.
 * @throws TypeError as {@link checkHeaderValue}, naming the header; for an invalid name.
 */
export function checkHeaders(init: HeadersInit | undefined, owner: string): Headers {
  const headers = new Headers()
  if (!init) return headers
  const pairs = Symbol.iterator in init ? [...(init as Iterable<[string, string]>)] : Object.entries(init)
  for (const [name, value] of pairs) {
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) throw new TypeError(`${owner}: headers has a name that is no HTTP header's`)
    headers.append(name, checkHeaderValue(value, `${owner}: the header ${name}`))
  }
  return headers
}

/** Headers whose values are not secret. */
const PUBLIC = /^(accept|content-type|user-agent|impersonate-.*)$/
/** The minimum length of a secret. A shorter value would match parts of ordinary words. */
const MIN_LENGTH = 8

/**
 * Returns the header values that may be secret, so that a quoted error page does not repeat them. Omits the scheme, as in `Basic
 * dXNlcjpwYXNz`.
 */
export function secretsOf(headers: Headers): string[] {
  return [...headers].flatMap(([name, value]) =>
    PUBLIC.test(name) ? [] : [value, value.replace(/^\w+ /, '')].filter(({ length }) => length >= MIN_LENGTH),
  )
}
