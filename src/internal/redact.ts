/** Removes what may be secret from a text; safe to apply twice. */
export type Redact = (text: string) => string

const HEADER_NAMES =
  '(?:proxy[-_])?authorization|(?:set[-_])?cookie|impersonate[-_][\\w.%-]+|x[-_][\\w-]*?(?:token|key|secret|auth|session|password|assertion)[\\w-]*'

// Each pattern is linear in the length of the text: no quantifier stands in another without a bound.
const PATTERNS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // What undici, Deno and others say of a header that they cannot send.
  [/"[^"]*"(?= is an invalid header value)/g, '"…"'],
  [/(invalid header value:? ?)["'][\s\S]{0,9999}["']/gi, '$1"…"'],
  // Parsers quote what they stumble over, which may be the value of a Secret: V8, then JavaScriptCore.
  [/(?:\.{3})?"[\s\S]{0,80}"(?:\.{3})?(?= is not valid JSON)/g, '"…"'],
  [/(JSON Parse error: [^"]{0,80})"[\s\S]{0,999}"/g, '$1"…"'],
  // Headers that a proxy's error page repeats: as lines, JSON, Go's maps or cells of a table.
  [
    new RegExp(
      `((?:\\b|_)(?:${HEADER_NAMES})(?:["'\\\\\\]]{0,4}\\s{0,9}(?:=>|[:=])\\s{0,9}|(?:\\s{0,9}<[^<>]{0,99}>){1,6}\\s{0,9}))(?!…)(?:\\[[^\\]\\r\\n]*|\\\\*"[^"\\r\\n]*|'[^'\\r\\n]*|[^\\s<][^\\r\\n<]*)`,
      'gi',
    ),
    '$1…',
  ],
  [/\b(Bearer|Basic)\s+(?!(?:auth\w*|tokens?|scheme|realm=[^\s]*)(?:[\s.,;:)]|$))[^\s"'<>,;]+/gi, '$1 …'],
  // JSON web tokens.
  [/\beyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?/g, '…'],
  // Tokens and passwords in URLs.
  [/([?&#;](?:[\w-]*token|code|state|api[-_]?key|password|secret|assertion|signature|sig)=)[^&\s"'<>#]+/gi, '$1…'],
  [/\b([a-z][a-z\d+.-]{0,20}:\/\/)[^\s/@"'<>]+@/gi, '$1…@'],
  // The values of a Secret, also within an annotation that holds one.
  [/(\\*"(?:data|stringData)\\*"\s*:\s*\{)[^}]*/g, '$1…'],
]

/** Removes credentials by their form: bearer tokens, echoed headers, passwords in URLs, the values of Secrets. */
export function redact(text: string): string {
  return PATTERNS.reduce((cleaned, [pattern, replacement]) => cleaned.replace(pattern, replacement), text)
}

/** Shorter values would be found in ordinary words. */
const MIN_SECRET_LENGTH = 4

/** Makes a function that removes these values wherever they stand, and what {@link redact} removes. */
export function redactorOf(secrets: readonly (string | undefined)[]): Redact {
  const values = secrets.flatMap((secret = '') => (secret.length < MIN_SECRET_LENGTH ? [] : [secret, encodeURIComponent(secret)]))
  // A value that contains another one is removed first.
  values.sort((a, b) => b.length - a.length)
  return (text) => redact(values.reduce((cleaned, value) => cleaned.replaceAll(value, '…'), text))
}

/** Values of an error that are looked at, at most; an error that holds more is replaced. */
const MAX_VALUES = 200

/**
 * Returns the error itself when it holds nothing secret, and otherwise a plain Error with its name, code, cleaned message, stack and
 * causes: foreign errors quote the values of headers, and carry whole requests.
 */
export function redactError(error: unknown, clean: Redact = redact): unknown {
  if (!isTainted(error, clean, { left: MAX_VALUES })) return error
  return copyOf(error, clean, 8)
}

function copyOf(error: unknown, clean: Redact, depth: number): unknown {
  if (!(error instanceof Error)) return typeof error === 'string' ? clean(error) : undefined
  const { name, message, stack = '', cause, code, errors } = error as Error & { code?: unknown; errors?: unknown }
  const next = (value: unknown) => (depth > 0 ? copyOf(value, clean, depth - 1) : undefined)
  return Object.assign(new Error(clean(message), { cause: next(cause) }), {
    name: clean(name),
    stack: clean(stack),
    ...(typeof code === 'string' && { code: clean(code) }),
    ...(Array.isArray(errors) && { errors: errors.slice(0, 8).map(next) }),
  })
}

function isTainted(value: unknown, clean: Redact, budget: { left: number }): boolean {
  if (typeof value === 'string') return clean(value) !== value
  if (typeof value !== 'object' || value === null) return false
  if (budget.left-- <= 0 || value instanceof Headers || value instanceof Request || value instanceof Response) return true
  const own = Object.values(Object.getOwnPropertyDescriptors(value)).map((property) => property.value as unknown)
  // A stack is an accessor in some engines, a message belongs to the prototype in others.
  if (value instanceof Error) own.push(value.message, value.stack)
  return own.some((one) => isTainted(one, clean, budget))
}
