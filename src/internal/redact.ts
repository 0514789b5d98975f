// Removes credentials from messages and errors.

/** Removes secrets from a text. Idempotent. */
export type Redact = (text: string) => string

const HEADER_NAMES =
  '(?:proxy[-_])?authorization|(?:set[-_])?cookie|impersonate[-_][\\w.%-]+|x[-_][\\w-]*?(?:token|key|secret|auth|session|password|assertion)[\\w-]*'

// Each pattern is linear in the length of the text: no quantifier is nested in another without a bound.
const PATTERNS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // The messages of undici, Deno and others about a header that they cannot send.
  [/"[^"]*"(?= is an invalid header value)/g, '"…"'],
  [/(invalid header value:? ?)["'][\s\S]{0,9999}["']/gi, '$1"…"'],
  // Parsers quote the text at the error, which may be the value of a Secret: V8, then JavaScriptCore.
  [/(?:\.{3})?"[\s\S]{0,80}"(?:\.{3})?(?= is not valid JSON)/g, '"…"'],
  [/(JSON Parse error: [^"]{0,80})"[\s\S]{0,999}"/g, '$1"…"'],
  // Headers echoed by a proxy's error page: as lines, JSON, Go maps or table cells.
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
  // The values of a Secret, also inside an annotation.
  [/(\\*"(?:data|stringData)\\*"\s*:\s*\{)[^}]*/g, '$1…'],
]

/** Removes credentials by their form: bearer tokens, echoed headers, passwords in URLs, the values of Secrets. */
export function redact(text: string): string {
  return PATTERNS.reduce((cleaned, [pattern, replacement]) => cleaned.replace(pattern, replacement), text)
}

/** The shortest secret to remove; a shorter one would match parts of ordinary words. */
const MIN_SECRET_LENGTH = 4

/** Makes a function that removes the given values as well as everything that {@link redact} removes. */
export function redactorOf(secrets: readonly (string | undefined)[]): Redact {
  const values = secrets.flatMap((secret = '') => (secret.length < MIN_SECRET_LENGTH ? [] : [secret, encodeURIComponent(secret)]))
  // Longest first: a value may contain another one.
  values.sort((a, b) => b.length - a.length)
  return (text) => redact(values.reduce((cleaned, value) => cleaned.replaceAll(value, '…'), text))
}

/** The maximum number of values of an error to check; an error with more is replaced. */
const MAX_VALUES = 200

/**
 * Returns the error itself when it holds no secret. Otherwise returns a plain Error with its name, code, redacted message, stack and
 * causes: errors of other libraries quote header values and carry whole requests.
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
  // In some engines the stack is an accessor, in others the message is on the prototype.
  if (value instanceof Error) own.push(value.message, value.stack)
  return own.some((one) => isTainted(one, clean, budget))
}
