// Control and format characters (including bidirectional ones), line and paragraph separators, and lone surrogates.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/**
 * Escapes the characters that could affect a terminal, an editor or the line structure of a file: `\u001b` for an escape character. Applies
 * to everything that the command prints, and to every name that it writes.
 */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, (characters) =>
    Array.from({ length: characters.length }, (_, i) => `\\u${characters.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  )
}

/**
 * Escapes a message like {@link printable}, line by line. Indents the lines after the first, so that none looks like a message of its own.
 */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n  ')
}
