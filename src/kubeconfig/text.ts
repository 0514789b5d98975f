/**
 * Decodes a text file as Go's YAML reader does: UTF-8, or UTF-16 when it begins with a byte order mark (PowerShell's `>` writes that). A mark is left
 * out.
 *
 * @throws TypeError when the bytes are not valid UTF-8 or UTF-16.
 */
export function decodeText(bytes: Uint8Array): string {
  const [first, second] = bytes
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le', { fatal: true }).decode(bytes)
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16le', { fatal: true }).decode(swapped(bytes))
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
}

/** Not every runtime decodes big-endian UTF-16. */
function swapped(bytes: Uint8Array): Uint8Array {
  const result = bytes.slice()
  for (let at = 0; at + 1 < result.length; at += 2) [result[at], result[at + 1]] = [bytes[at + 1] ?? 0, bytes[at] ?? 0]
  return result
}

/** Decodes PEM: all that counts in it is ASCII, comments may be in any encoding. */
export const decodePem = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** The bytes of a text in UTF-8. */
export const encodeText = (text: string): Uint8Array => new TextEncoder().encode(text)

/** @throws DOMException when the text is not base64; white space is left out. */
export const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (character) => character.charCodeAt(0))

/** Bytes in base64. A text in place of them would have to be Latin-1. */
export function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}
