// Parses JSON with a bound on nesting.

import { CLOSE_BRACE, CLOSE_BRACKET, closingQuote, OPEN_BRACE, OPEN_BRACKET, QUOTE } from './scan'

/**
 * The maximum nesting depth of a JSON text. Go's decoder has the same bound, so no API server stores a deeper object. Deeper values
 * overflow the stack in `JSON.stringify`, `structuredClone` and schemas.
 */
export const MAX_DEPTH = 10_000

/**
 * Parses JSON like `JSON.parse`, up to {@link MAX_DEPTH}.
 *
 * @throws SyntaxError when the text is not JSON, or is nested too deeply.
 */
export function parseJson(text: string): unknown {
  if (isTooDeep(text)) throw new SyntaxError(`nested deeper than ${MAX_DEPTH}`)
  return JSON.parse(text)
}

/** Whether a JSON text is nested deeper than {@link MAX_DEPTH}. Returns at once for a text that is too short to be. */
export function isTooDeep(text: string): boolean {
  if (text.length <= 2 * MAX_DEPTH) return false
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === QUOTE) {
      i = closingQuote(text, i + 1)
      if (i < 0) return false
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (++depth > MAX_DEPTH) return true
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--
  }
  return false
}
