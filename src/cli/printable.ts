// Controls, format characters (bidirectional ones among them), line and paragraph separators, halves of surrogate pairs.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/**
 * Escapes what could do something to a terminal, to an editor or to a line of a file: `\u001b` for an escape character. Everything that the
 * command prints, and every name that it writes, goes through this.
 */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, (characters) =>
    Array.from({ length: characters.length }, (_, i) => `\\u${characters.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  )
}

/** As {@link printable}, line by line: a message of several lines keeps them, indented so that none looks like a message of its own. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n  ')
}
